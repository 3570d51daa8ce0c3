#!/usr/bin/env bash
# Gives the examples what they cannot work with: each ends with 1 and one line, or with 2 and how it is used, without a
# panic, and leaves nothing in its folder. Real data, of which bad copies are made, are below FOVEATE_DATA.
#
#     FOVEATE_DATA=data tests/bad_inputs.sh target/release/examples
set -euo pipefail
examples=$(cd "$1" && pwd)
data=$(cd "$FOVEATE_DATA" && pwd)
bad=$(mktemp -d)
trap 'rm -rf "$bad"' EXIT
cd "$bad"
export FOVEATE_DEVICE=${FOVEATE_DEVICE:-flex} XDG_CACHE_HOME=$bad/cache
unset RUST_BACKTRACE
cat=$data/photos/cat.jpg
to=(--out out)
tried=0
failed=0

# refused WORD EXAMPLE ARGUMENT…: the message holds the word.
refused() {
    local word=$1 status=0
    shift
    rm -rf out
    timeout 120 "$examples/$1" "${@:2}" "${to[@]}" >stdout 2>stderr </dev/null || status=$?
    left=$(find out -type f 2>/dev/null | head -3 || true)
    tried=$((tried + 1))
    if [ $status -ne 1 ] && [ $status -ne 2 ] || [ $status -eq 1 ] && [ "$(wc -l <stderr)" -ne 1 ] || grep -q panicked stderr || ! grep -qi -- "$word" stderr || [ -n "$left" ]; then
        printf '%s\n    status %s, left: %s\n' "$*" $status "$left"
        head -5 stderr | cut -c1-300
        failed=$((failed + 1))
    fi
}
of() { FOVEATE_DATA=$1 refused "${@:2}"; }

# Images.
png() { base64 -d >"$1"; }
png one.png <<<iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==
png long.png <<<iVBORw0KGgoAAAANSUhEUgAAAAEAAE4gCAAAAADiukPiAAAAQElEQVR42u3CMQ0AAAwDoKbKK33HbBDIGgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4B33cZy/fqnYEgAAAABJRU5ErkJggg==
png bomb.png <<<iVBORw0KGgoAAAANSUhEUgAA6mAAAOpgCAIAAAAPsOIV
png 32x32.png <<<iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAAGElEQVR42mNsYMAPmBhGFYwqGFUwQhUAAJe+AMD8WknZAAAAAElFTkSuQmCC
png 20x30.png <<<iVBORw0KGgoAAAANSUhEUgAAABQAAAAeCAAAAAAJeWG3AAAAFUlEQVR42mNsYMAETAyjgqOCNBQEAIbZALwz6/RAAAAAAElFTkSuQmCC
echo 'I am a text.' >text.jpg
head -c 5000 "$cat" >half.jpg
mkdir folder
strange=$(printf 'caf\351.jpg')
cp text.jpg "$strange"
for image in one.png long.png bomb.png text.jpg half.jpg folder missing.jpg "$strange"; do
    refused . 01_classify "$image"
done
refused "50 times" 01_classify long.png
for example in 02_feature_maps 03_saliency 04_attributions 05_fooling; do
    refused text.jpg "$example" text.jpg
    refused "missing.jpg" "$example" missing.jpg
done
refused text.jpg 06_class_visualization gorilla --from text.jpg
refused IMAGE 01_classify

# Weights.
: >empty.pth
head -c 100000 /dev/urandom >random.safetensors
head -c 100000 "$data/weights/squeezenet1_1/squeezenet1_1.safetensors" >half.safetensors
printf 'cposix\nsystem\n(S"touch hacked"\ntR.' >code.pth
for file in empty.pth random.safetensors half.safetensors code.pth missing.pth; do
    refused "$file" 01_classify "$cat" --weights "$file"
done
refused "missing (" 01_classify "$cat" --model resnet18 --weights "$data/weights/squeezenet1_1/squeezenet1_1.safetensors"
test ! -e hacked
refused features 01_classify "$cat" --weights "$data/weights/googlenet_bvlc/googlenet_bvlc_f16.safetensors"
refused mobilenet 01_classify "$cat" --model mobilenet
refused cuda 01_classify "$cat" --device cuda

# Settings.
refused features.99 02_feature_maps "$cat" --layer features.99
refused unicorn 05_fooling "$cat" --target unicorn
refused 1000 05_fooling "$cat" --target 1000
refused unicorn 06_class_visualization unicorn
refused iterations 06_class_sweep gorilla --iterations 0
refused many 06_class_sweep gorilla --iterations many

# Transfer.
mkdir -p classes/a classes/b mixed/train/a mixed/test/a
cp 32x32.png classes/a
cp 32x32.png 20x30.png classes/b
mkdir -p three/cat three/dog three/wolf
for i in 1 2 3 4 5 6 7 8; do cp 32x32.png three/cat/$i.png && cp 20x30.png three/dog/$i.png; done
cp text.jpg three/wolf
of "$bad/folder" scene15 07_scene15
refused layer 07_scene15 --features squeezenet1_1:nowhere
refused c 07_scene15 --c=-1 --limit 2 --part layers --features squeezenet1_1:features:pooled
for folder in folder classes missing mixed text.jpg; do
    refused . 09_finetune $folder
done
refused epochs 09_finetune --epochs 0 --limit 5
refused learning 09_finetune --learning-rate=-1 --limit 5
for folder in folder classes missing text.jpg; do
    refused . 08_train_your_own $folder
done
refused "class wolf" 08_train_your_own three
refused nowhere 08_train_your_own three --features squeezenet1_1:nowhere
mkdir half
cp half.safetensors half/model.safetensors
to=(--out half)
refused model.safetensors 08_train_your_own --predict "$cat"
to=(--out out)

# Digits.
digits=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
copy() { # NAME: a folder of data with bad digits, photographs and good weights
    mkdir -p "$1/mnist"
    for file in "${digits[@]}"; do cp "$data/mnist/$file.gz" "$1/mnist"; done
    ln -s "$data/bsds500" "$1/bsds500"
    ln -s "$data/weights" "$1/weights"
}
for name in cut magic swapped photographs; do copy $name; done
head -c 100000 "$data/mnist/train-images-idx3-ubyte.gz" >cut/mnist/train-images-idx3-ubyte.gz
head -c 100000 /dev/urandom | gzip >magic/mnist/train-images-idx3-ubyte.gz
cp "$data/mnist/train-labels-idx1-ubyte.gz" swapped/mnist/train-images-idx3-ubyte.gz
rm photographs/bsds500
mkdir photographs/bsds500
cp text.jpg photographs/bsds500
for name in cut magic swapped; do
    of "$bad/$name" train-images 10_dann --source-only --limit 640 --epochs 1
    of "$bad/$name" train-images 14_dcgan --mnist --iterations 1
    of "$bad/$name" train-images 16_cgan --limit 640 --epochs 1
done
of "$bad/photographs" text.jpg 10_dann --limit 640 --epochs 1
for option in gamma lambda learning-rate; do refused ${option:0:5} 10_dann --data digits --limit 640 --$option=-1; done
refused batch 10_dann --data digits --limit 640 --batch 0
refused directory 10_dann --data digits --limit 640 --epochs 1 --checkpoint text.jpg/checkpoint
refused threshold 10_dann --data digits --limit 640 --epochs 1 --rounds 1 --threshold 2
refused finite 10_dann --data digits --limit 640 --epochs 2 --learning-rate 1e30
for file in empty.pth random.safetensors half.safetensors missing; do
    refused $file 10_dann --evaluate $file --images 32x32.png
    refused $file 13_tsne --data digits --count 100 $file
    refused $file 16_cgan --sample $file
done
refused lambda 11_dann_sweep --data digits --limit 640 --epochs 1 --lambdas=-1
refused lambda 12_pseudo_labels --data digits --limit 640 --epochs 1 --lambda=-1

# Generate.
mkdir -p images/a one_image/a
cp 32x32.png one_image/a
cp 32x32.png 20x30.png text.jpg images/a
mkdir -p texts
cp text.jpg texts
for folder in images one_image folder missing text.jpg; do
    refused . 15_gan_study base --data $folder
    refused . 16_cgan --data $folder
done
for option in nz width batch; do refused $option 16_cgan --data digits --limit 256 --$option 0; done
for option in learning-rate ema-decay; do refused "" 16_cgan --data digits --limit 256 --width 8 --epochs 1 --samples 0 --$option=-1; done
refused finite 16_cgan --data digits --limit 1280 --width 8 --epochs 1 --samples 0 --learning-rate 1e30
refused features 15_gan_study base --data digits --limit 256 --epochs 1 --samples 10
refused even 16_cgan --data digits --limit 256 --width 3
refused missing 17_score missing digits
refused 20x30 17_score images digits
refused 1 17_score one_image one_image
refused "no image" 17_score texts digits
refused features 17_score digits digits --count 50
refused random 17_score digits random.safetensors --count 200
refused sideways 15_gan_study sideways
refused unicorn tour --device unicorn
refused missing.jpg tour --pretrained missing.jpg
echo "$tried bad inputs, $failed of them not refused as they should be"
test $failed -eq 0
