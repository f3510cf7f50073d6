# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# Tools that Debian does not have, in exact versions, kept in $EAKTE_CACHE between runs.

EAKTE_CACHE=${EAKTE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/eakte}
CARGO_DENY=0.20.2

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
