# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# Debian packages the project needs, and how they are installed. Sourced by deploy/demo and tests/run.

# To build and run: C tool chain, tesseract with its German, English and page-direction data.
# shellcheck disable=SC2034
PACKAGES_RUN=(build-essential pkg-config python3 libtesseract-dev libleptonica-dev
  tesseract-ocr tesseract-ocr-deu tesseract-ocr-eng tesseract-ocr-osd)
# To run beside it what a city runs: database and broker.
# shellcheck disable=SC2034
PACKAGES_CLUSTER=(postgresql rabbitmq-server python3-venv)
# Judges of the tests: PDF tools that are not ours, a database, a broker, a browser, shell and Python checks.
# shellcheck disable=SC2034
PACKAGES_TEST=(poppler-utils qpdf shellcheck python3-venv faketime openssl "${PACKAGES_CLUSTER[@]}")
# shellcheck disable=SC2034
PACKAGES_BROWSER=(chromium fonts-liberation nodejs npm)
# Judges of deploy/: promtool (in prometheus), systemd-analyze; curl asks the store.
# shellcheck disable=SC2034
PACKAGES_DEPLOY=(prometheus systemd curl)

# package_missing NAME: true when the package is not installed. A program of the same name that was
# installed in another way (node from nodejs.org) counts as installed.
package_missing() {
  case $1 in
    nodejs) ! command -v node >/dev/null || return 1 ;;
    npm | chromium | shellcheck | python3) ! command -v "$1" >/dev/null || return 1 ;;
    python3-venv) ! python3 -c 'import ensurepip, venv' 2>/dev/null || return 1 ;;
  esac
  ! dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# need_packages NAME…: installs what is missing and says so; as root, or through sudo.
need_packages() {
  local missing=() package as_root=()
  for package in "$@"; do
    if package_missing "$package"; then missing+=("$package"); fi
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  printf 'Installing Debian packages: %s\n' "${missing[*]}"
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || { printf 'Neither root nor sudo: install them by hand.\n' >&2; return 1; }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y install --no-install-recommends "${missing[@]}" >/dev/null
}

# need_rust: the tool chain is the one thing that is expected to be there.
need_rust() {
  command -v cargo >/dev/null && return 0
  printf 'cargo is missing: install Rust %s or newer (rustup).\n' \
    "$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)" >&2
  return 1
}
