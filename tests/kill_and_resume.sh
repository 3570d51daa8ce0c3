#!/usr/bin/env bash
# Kills a training ten times, each at a random moment, and goes on from its checkpoint: it ends with the bits
# of the training that nobody stopped.
#
#     tests/kill_and_resume.sh target/release/examples/10_dann --data digits --limit 640 --epochs 8
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$@" --out "$folder/whole" >/dev/null
killed=("$@" --out "$folder/killed" --checkpoint "$folder/checkpoint")
kills=0
for delay in 0.7 $(for _ in 1 2 3 4 5 6 7 8 9; do echo "$((RANDOM % 3)).$((RANDOM % 10))"; done); do
    "${killed[@]}" >/dev/null &
    sleep "$delay"
    if kill -9 $! 2>/dev/null; then kills=$((kills + 1)); fi
    wait $! 2>/dev/null || true
done
echo "$kills kills; checkpoints: $(cd "$folder" && echo checkpoint*)"
test "$kills" -ge 5
"${killed[@]}" >/dev/null
for file in "$folder"/whole/*.csv; do
    # All but the last column, seconds.
    cmp <(sed 's/,[^,]*$//' "$file") <(sed 's/,[^,]*$//' "$folder/killed/${file##*/}")
done
for file in "$folder"/whole/*.safetensors; do cmp "$file" "$folder/killed/${file##*/}"; done
echo "the same bits"
