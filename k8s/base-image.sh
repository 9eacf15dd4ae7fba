#!/usr/bin/env bash
# Builds localhost/stripe-connector-base:local from Debian's C and C++ runtime and root certificates: a base for the images where no
# registry can be reached. No shell, no package manager; user 65532. Needs buildah and apt-get.
set -euo pipefail
name=${1:-localhost/stripe-connector-base:local}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" "$work/debs"
(cd "$work/debs" && apt-get -qq download libc6 libgcc-s1 libstdc++6 ca-certificates tzdata netbase)
for file in "$work"/debs/*.deb; do dpkg-deb -x "$file" "$work/root"; done
rm -rf "$work"/root/usr/share/{doc,man,lintian,locale,bug,info} "$work"/root/usr/lib/*/gconv \
  "$work"/root/usr/bin "$work"/root/usr/sbin "$work"/root/sbin "$work"/root/bin
# Debian joins the certificates into one file when the package is installed; here the package is only unpacked.
mkdir -p "$work/root/etc/ssl/certs" "$work/root/tmp"
cat "$work"/root/usr/share/ca-certificates/mozilla/*.crt >"$work/root/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/app:/sbin/nologin\n' >"$work/root/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' >"$work/root/etc/group"
chmod 1777 "$work/root/tmp"
container=$(buildah from scratch)
buildah copy -q "$container" "$work/root" / >/dev/null
buildah config --user 65532:65532 "$container"
buildah commit -q --rm "$container" "$name"
