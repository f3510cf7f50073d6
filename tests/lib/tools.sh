# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# Tools that Debian does not have, in exact versions, kept in $EAKTE_CACHE between runs.

# shellcheck source=deploy/lib/s3.sh
. deploy/lib/s3.sh
CARGO_DENY=0.20.2
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

# Judges of deploy/. helm needs Go 1.26, which an older one fetches by itself.
HELM=v4.3.1
KUBECONFORM=v0.8.0
COMPOSE_GO=v2.16.2
# Their CustomResourceDefinitions: what the chart says to them is judged by.
PROMETHEUS_OPERATOR=v0.85.0
KEDA=v2.21.0
# Not optimised: half the time to build, and fast enough.
GO_FAST=(-gcflags='all=-N -l' -ldflags=-s)

# need_helm: helm and kubeconform (both Apache-2.0), judges of the chart.
need_helm() {
  local folder=$EAKTE_CACHE/tools/bin go
  [[ "$(cat "$folder/helm.version" 2>/dev/null)" == "$HELM $KUBECONFORM" ]] && return 0
  printf '   building helm %s and kubeconform %s into %s (once)\n' "$HELM" "$KUBECONFORM" "$folder"
  go=$(need_go) && mkdir -p "$folder" || return 1
  for module in "github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM" "helm.sh/helm/v4/cmd/helm@$HELM"; do
    GOBIN=$folder GOCACHE=$EAKTE_CACHE/build-go GOFLAGS=-buildvcs=false \
      run_logged tools "$go" install "${GO_FAST[@]}" "$module" || return 1
  done
  rm -rf "$EAKTE_CACHE/build-go"
  printf '%s\n' "$HELM $KUBECONFORM" >"$folder/helm.version"
}

# need_compose_spec: the library of docker compose (Apache-2.0) behind a few lines of ours.
need_compose_spec() {
  local folder=$EAKTE_CACHE/tools/bin wanted
  wanted="$COMPOSE_GO $(sha256sum <tests/deploy/compose-spec.go)"
  [[ "$(cat "$folder/compose-spec.version" 2>/dev/null)" == "$wanted" ]] && return 0
  printf '   building a reader of compose files with compose-go %s into %s (once)\n' "$COMPOSE_GO" "$folder"
  run_logged tools build_compose_spec "$folder" || return 1
  printf '%s\n' "$wanted" >"$folder/compose-spec.version"
}

# build_compose_spec FOLDER: in a shell of its own, which keeps its environment to itself.
build_compose_spec() (
  local go work=$EAKTE_CACHE/build-compose
  go=$(need_go) && rm -rf "$work" && mkdir -p "$work" "$1" && cp tests/deploy/compose-spec.go "$work/main.go" &&
    cd "$work" && export GOCACHE=$work/cache GOFLAGS=-buildvcs=false && "$go" mod init compose-spec &&
    "$go" get "github.com/compose-spec/compose-go/v2/loader@$COMPOSE_GO" &&
    "$go" build "${GO_FAST[@]}" -o "$1/compose-spec" . && rm -rf "$work"
)

# need_schemas: what kubeconform judges by: Kubernetes' own kinds, and those of two operators that the chart speaks to.
need_schemas() {
  local folder=$EAKTE_CACHE/tools/kubernetes wanted go modules
  wanted="$PROMETHEUS_OPERATOR $KEDA $(cat tests/deploy/schemata.py tests/lib/requirements.txt | sha256sum)"
  [[ "$(cat "$folder/.version" 2>/dev/null)" == "$wanted" ]] && return 0
  go=$(need_go) && modules=$("$go" env GOMODCACHE) && rm -rf "$folder" || return 1
  run_logged tools "$go" mod download "github.com/prometheus-operator/prometheus-operator@$PROMETHEUS_OPERATOR" \
    "github.com/kedacore/keda/v2@$KEDA" || return 1
  local operator=$modules/github.com/prometheus-operator/prometheus-operator@$PROMETHEUS_OPERATOR
  run_logged tools "$EAKTE_CACHE/python/bin/python" tests/deploy/schemata.py "$folder" \
    "$operator/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml" \
    "$modules/github.com/kedacore/keda/v2@$KEDA/config/crd/bases/keda.sh_scaledobjects.yaml" || return 1
  printf '%s\n' "$wanted" >"$folder/.version"
}
