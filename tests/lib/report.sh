# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# Runs commands, keeps their output in log files, counts results.

LOGS=target/tests
# Minutes after which a command is ended; each stage sets its own.
limit_minutes=60
passed=0 failed=0 skipped=0

# add PASSED FAILED SKIPPED
add() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# run_logged LOG COMMAND…: exit status of the command (or of our own function); output only in the log.
run_logged() {
  local log=$LOGS/$1.log
  shift
  if declare -F "$1" >/dev/null; then
    "$@" >"$log" 2>&1
    return
  fi
  timeout --foreground "$((limit_minutes * 60))" "$@" >"$log" 2>&1
}

# show_log LOG: what a person needs to see of a failed command.
show_log() {
  local log=$LOGS/$1.log
  grep -nE '^(error|warning: unused)|FAILED|^ *not ok|overflowed its stack|\(signal: ' "$log" | cut -c1-300 | head -n 20 || true
  # What a failed test says follows its place: for cargo after `panicked at`, for node below `not ok`.
  grep -hE -A 12 'panicked at|^ +not ok' "$log" | cut -c1-1000 | head -n 80 | sed 's/^/   > /' || true
  printf '   … last lines of %s\n' "$log"
  tail -n 40 "$log" | sed 's/^/   | /'
}

# check NAME COMMAND…: one check that passes or fails.
check() {
  local name=$1 log=${1// /-} from=$SECONDS
  shift
  if run_logged "$log" "$@"; then
    add 1 0 0
    printf '   ok      %-44s %4d s\n' "$name" "$((SECONDS - from))"
  else
    add 0 1 0
    printf '   FAILED  %-44s %4d s\n' "$name" "$((SECONDS - from))"
    show_log "$log"
  fi
}

# skip NAME REASON
skip() {
  add 0 0 1
  printf '   skipped: %s: %s\n' "$1" "$2"
}

# counted NAME PASSED FAILED SKIPPED STATUS FROM: result of a command that holds many tests.
# A command that failed without a failed test (it did not build, it was killed) is one failure;
# one that ran nothing is a failure too: a stage must not be green because it is empty.
counted() {
  local name=$1 p=$2 f=$3 s=$4 status=$5 from=$6
  if [[ $f -eq 0 && $status -ne 0 ]]; then f=1; fi
  if [[ $((p + f + s)) -eq 0 ]]; then
    f=1
    printf '   FAILED  %s: no test was found\n' "$name"
  fi
  add "$p" "$f" "$s"
  printf '   %-7s %-44s %4d s  %d passed, %d failed, %d skipped\n' \
    "$([[ $f -eq 0 ]] && echo ok || echo FAILED)" "$name" "$((SECONDS - from))" "$p" "$f" "$s"
  if [[ $s -gt 0 ]]; then grep -hE '^(# )?skipped: ' "$LOGS/$name.log" | sort | uniq -c | sed 's/^/   /' || true; fi
  if [[ $f -gt 0 ]]; then show_log "$name"; fi
}

# cargo_run NAME ARG…: `cargo test --workspace ARG…` into a log; for `cargo_count`, from wherever it ran.
cargo_run() {
  local name=$1
  shift
  run_logged "$name" cargo test --workspace --no-fail-fast "$@" -- --show-output
}

# cargo_count NAME STATUS FROM: the results in the log of a `cargo_run`.
# A test that lacks its data prints one line `skipped: reason` and returns: it counts as skipped.
cargo_count() {
  local name=$1 status=$2 from=$3 counts
  counts=$(awk '
    /^---- .* stdout ----$/ { fresh = 1 }
    /^skipped: / && fresh { fresh = 0; soft++ }
    /^test result: / { p += $4; f += $6; s += $8 }
    END { print p - soft, f + 0, s + soft }' "$LOGS/$name.log")
  # shellcheck disable=SC2086
  counted "$name" $counts "$status" "$from"
}

# cargo_beside NAME ARG…: runs beside what follows, until `cargo_beside_done` waits for it and counts.
cargo_beside() {
  beside_name=$1 beside_from=$SECONDS
  cargo_run "$@" &
  beside=$!
}

cargo_beside_done() {
  local status=0
  wait "$beside" || status=$?
  cargo_count "$beside_name" "$status" "$beside_from"
}

# cargo_tests NAME ARG…: runs and counts.
cargo_tests() {
  local from=$SECONDS status=0
  cargo_run "$@" || status=$?
  cargo_count "$1" "$status" "$from"
}

# node_tests NAME FILE…: tests for node:test; a wait for the browser belongs to the test.
node_tests() {
  local name=$1 from=$SECONDS status=0 counts
  shift
  run_logged "$name" node --test --test-reporter=tap --test-concurrency=1 "$@" || status=$?
  counts=$(awk '/^# pass /{p=$3} /^# fail /{f=$3} /^# cancelled /{f+=$3} /^# skipped /{s=$3}
    END { print p + 0, f + 0, s + 0 }' "$LOGS/$name.log")
  # shellcheck disable=SC2086
  counted "$name" $counts "$status" "$from"
}
