#!/usr/bin/env bash
# Checks the logs named by LOGS: an annotation for each finding, a summary of the job, a page. Every part runs, also after another has
# failed. Exit code 0: all is well. 1: a line would be lost, or a budget is broken. 2: something could not run.
set -uo pipefail
worst=0
note() { [ "$1" -le "$worst" ] || worst=$1; }

temp=${RUNNER_TEMP:-$(mktemp -d)}
summary=${GITHUB_STEP_SUMMARY:-/dev/stdout}
[ "${STRICT:-true}" = true ] && strict=(--strict) || strict=()
budgets=()
while IFS= read -r budget; do
  [ -z "${budget// /}" ] || budgets+=(--fail-on "$budget")
done <<< "${BUDGETS:-}"

hermes-otel validate "$LOGS" --format json "${strict[@]}" > "$temp/validate.json"
note $?
hermes-otel replay "$LOGS" -e otlp_file -o "$temp/spans.jsonl" --report "$temp/report.json" \
  --summary-file "$temp/summary.md" "${strict[@]}" "${budgets[@]}"
note $?
node "$(dirname "$0")/annotate.js" "$temp/validate.json" "$temp/report.json"
note $?

[ ! -f "$temp/summary.md" ] || cat "$temp/summary.md" >> "$summary"
if [ -n "${BEFORE:-}" ]; then
  hermes-otel diff "$BEFORE" "$LOGS" --format markdown >> "$summary"
  note $?
fi
hermes-otel view "$LOGS" --html "${PAGE:-hermes-otel.html}"
note $?
exit "$worst"
