#!/usr/bin/env bash
# Builds the image and runs it, without a daemon and without a registry of images: the base is made of Debian's packages.
# Then it looks at what is in it and how large it is, starts a server in it, asks that, and stops it.
#
# Needs: root; buildah, mmdebstrap, curl. Status 77 if the base can't be made here (no buildah, or no packages).
# It takes three minutes, and 2 GB of the folder for temporary files, which it removes again.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { echo "try-image: $*" >&2; exit 1; }
cannot() { echo "try-image: not tried: $*" >&2; exit 77; }
LIMIT_BYTES=70000000
IMAGE=localhost/cryptoserve:tried
export BUILDAH_ISOLATION=chroot

[ "$(id -u)" = 0 ] || cannot "needs root"
for program in buildah mmdebstrap curl; do command -v "$program" >/dev/null || cannot "needs $program"; done
work=$(mktemp -d)
container= server=
remove() {
    [ -z "$server" ] || kill -KILL -- "-$server" 2>/dev/null || true
    [ -z "$container" ] || buildah umount "$container" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap remove EXIT
# A storage of its own, of the kind that works everywhere.
stored="--root $work/storage --runroot $work/run --storage-driver vfs"
buildah() { command buildah $stored "$@"; }

base=localhost/cryptoserve-base:tried
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates trixie "$work/base.tar" \
    || cannot "Debian's packages can't be had"
container=$(buildah from scratch)
buildah add --quiet "$container" "$work/base.tar" / >/dev/null
buildah commit --quiet --rm "$container" "$base" >/dev/null
rm "$work/base.tar"

make image BASE="$base" IMAGE="$IMAGE" BUILDAH="buildah $stored"

container=$(buildah from --pull=never "$base")
before=$(du -sb --apparent-size "$(buildah mount "$container")" | cut -f1)
buildah rm "$container" >/dev/null
processes=$(ulimit -Hu) files=$(ulimit -Hn)
container=$(buildah from --pull=never --ulimit "nproc=$processes:$processes" --ulimit "nofile=$files:$files" "$IMAGE")
root=$(buildah mount "$container")
after=$(du -sb --apparent-size "$root" | cut -f1)
added=$(du -sb --apparent-size "$root/opt/cryptoserve" | cut -f1)
[ "$added" -le "$LIMIT_BYTES" ] || fail "$added bytes are added to the base, of which $LIMIT_BYTES are allowed"
found=$(find "$root" -xdev \( -path '*/bin/pip*' -o -path '*/bin/*gcc*' -o -path '*/bin/cc' -o -path '*/apt/*.deb' \
    -o -path '*/apt/lists/*_Packages' -o -path '*/opt/cryptoserve/*/__pycache__' \) -print -quit)
[ -z "$found" ] || fail "it has pip, a compiler or a cache: $found"
[ "$(buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$IMAGE")" = 10001:10001 ] || fail "it isn't 10001:10001"

run=(command buildah $stored run --isolation chroot --user 10001:10001 "$container" --)
"${run[@]}" cryptoserve version
cat > "$root/etc/cryptoserve/server.hcl" <<'HCL'
storage "sqlite" { path = "/var/lib/cryptoserve/cryptoserve.db" }
listener "tcp" { address = "127.0.0.1:18200" }
HCL
"${run[@]}" cryptoserve server -test-config -config=/etc/cryptoserve
set -m
"${run[@]}" cryptoserve server -config=/etc/cryptoserve > "$work/log" 2>&1 &
server=$!
set +m
for _ in $(seq 100); do
    status=$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:18200/v1/sys/health || true)
    [ "$status" = 000 ] || break
    sleep 0.2
done
[ "$status" = 501 ] || { cat "$work/log"; fail "a server that isn't initialised answers 501, got $status"; }
# As HEALTHCHECK asks: alive, sealed or not.
"${run[@]}" sh -c 'BAO_ADDR=http://127.0.0.1:18200 cryptoserve status >/dev/null; [ $? -ne 1 ]' || fail "the health check fails"
main=$(pgrep -g "$server" -u 10001 -o -f '^/opt/cryptoserve/bin/python .*cryptoserve server')
begun=$(date +%s)
kill -TERM "$main"
ended=0; wait "$server" || ended=$?
[ "$ended" = 0 ] || { cat "$work/log"; fail "it ended with status $ended"; }
[ $(($(date +%s) - begun)) -le 15 ] || fail "it took longer than 15 seconds to stop"
server=
echo "try-image: it runs, has $((added / 1000000)) MB above the base ($((before / 1000000)) MB, $((after / 1000000)) MB in all)"
