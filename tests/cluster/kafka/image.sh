#!/usr/bin/env bash
# Builds a stand-in for docker.io/apache/kafka where it cannot be pulled: Debian's Java, Kafka's jars, and an entry that takes the same
# variables. For tests. image.sh FOLDER-OF-JARS NAME; needs buildah and apt-get.
set -euo pipefail
jars=$1
name=$2
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" "$work/debs"
java=$(apt-cache depends --important default-jre-headless | sed -n 's/.*Depends: \(openjdk-.*-jre-headless\)/\1/p' | head -n 1)
(cd "$work/debs" && apt-get -qq download libc6 libgcc-s1 libstdc++6 zlib1g busybox-static netbase "$java")
for file in "$work"/debs/*.deb; do dpkg-deb -x "$file" "$work/root"; done
rm -rf "$work"/root/usr/share/{doc,man,lintian,locale,bug,info} "$work"/root/usr/lib/*/gconv
for applet in sh env tr sed cat ls; do ln -sf busybox "$work/root/bin/$applet"; done
mkdir -p "$work"/root/{tmp,opt/kafka/libs,opt/kafka/config,opt/kafka/logs,etc/kafka/docker,var/lib/kafka/data}
ln -s "$(basename "$(ls -d "$work"/root/usr/lib/jvm/java-*-openjdk-*)")" "$work/root/usr/lib/jvm/default"
cp "$jars"/*.jar "$work/root/opt/kafka/libs/"
install -m 0755 "$here/run" "$work/root/etc/kafka/docker/run"
cp "$here/../../../sandbox/src/kafka/log4j2.yaml" "$work/root/etc/kafka/docker/log4j2.yaml"
printf 'root:x:0:0:root:/root:/bin/sh\nappuser:x:1000:1000:appuser:/opt/kafka:/bin/sh\n' >"$work/root/etc/passwd"
chmod 1777 "$work/root/tmp"
container=$(buildah from scratch)
buildah copy -q "$container" "$work/root" / >/dev/null
buildah config --user 1000:1000 --env PATH=/bin:/usr/bin --entrypoint '["/etc/kafka/docker/run"]' "$container"
buildah commit -q --rm "$container" "$name"
