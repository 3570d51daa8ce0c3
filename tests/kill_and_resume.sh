#!/usr/bin/env bash
# Kills a domain-adversarial training ten times, each at a random moment, and goes on from its checkpoint:
# it ends with the bits of the training that nobody stopped.
#
#     tests/kill_and_resume.sh target/release/examples/10_dann
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
training=("$program" --data digits --limit 640 --variant normalised --contrast --shift 2 --epochs 8
    --rounds 2 --round-epochs 3 --threshold 0.5 --device flex)
"${training[@]}" --out "$folder/whole" >/dev/null
kills=0
for delay in 0.7 $(for _ in 1 2 3 4 5 6 7 8 9; do echo "$((RANDOM % 3)).$((RANDOM % 10))"; done); do
    "${training[@]}" --out "$folder/killed" --checkpoint "$folder/checkpoint" >/dev/null &
    sleep "$delay"
    if kill -9 $! 2>/dev/null; then kills=$((kills + 1)); fi
    wait $! 2>/dev/null || true
done
echo "$kills kills; checkpoints: $(cd "$folder" && echo checkpoint*)"
test "$kills" -ge 5
"${training[@]}" --out "$folder/killed" --checkpoint "$folder/checkpoint" >/dev/null
# All but the seconds.
cmp <(cut -d, -f1-13 "$folder/whole/dann_0.csv") <(cut -d, -f1-13 "$folder/killed/dann_0.csv")
cmp "$folder/whole/dann_0.safetensors" "$folder/killed/dann_0.safetensors"
echo "the same bits"
