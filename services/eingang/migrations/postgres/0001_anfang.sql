-- SPDX-License-Identifier: EUPL-1.2
CREATE TABLE eingang_sendung (
  id UUID NOT NULL PRIMARY KEY,
  schluessel TEXT NOT NULL UNIQUE,
  kanal TEXT NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  zugang TEXT NOT NULL,
  erfasst BIGINT NOT NULL,
  duplicate_of UUID,
  person UUID NOT NULL,
  abgeschlossen BIGINT NOT NULL DEFAULT 0
);
-- The same bytes become one document: the first receipt is the original, all others point to it.
CREATE UNIQUE INDEX eingang_sendung_original ON eingang_sendung (sha256) WHERE duplicate_of IS NULL;
CREATE INDEX eingang_sendung_erfasst ON eingang_sendung (erfasst);
CREATE INDEX eingang_sendung_person ON eingang_sendung (person, erfasst);
