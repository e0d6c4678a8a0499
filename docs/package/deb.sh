#!/usr/bin/env bash
# Makes the Debian package from an installed tree. usage: deb.sh TREE VERSION EPOCH OUT.deb
#
# Dependencies are read from the program: the packages here that own the libraries it names, at least in this version.
# The same tree and epoch give the same bytes.
set -euo pipefail
tree=$1 version=$2 epoch=$3 out=$4
here=$(cd "$(dirname "$0")" && pwd)
depends=passwd
while read -r library; do
    path=$(ldd "$tree/usr/bin/hooktop" | awk -v l="$library" '$1 == l { print $3 }')
    package=$(dpkg -S "$(realpath "$path")" 2>/dev/null || dpkg -S "$path" 2>/dev/null || dpkg -S "/usr$path")
    package=${package%%:*}
    has=$(dpkg-query -W -f='${Version}' "$package" 2>/dev/null | head -n 1)
    has=${has#*:} has=${has%%-*} has=${has%%+*}
    depends="$depends, $package (>= $has)"
done < <(readelf -d "$tree/usr/bin/hooktop" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux')
depends=$(tr ',' '\n' <<<"$depends" | sed 's/^ //' | sort -u | paste -sd, | sed 's/,/, /g')
mkdir -p "$tree/DEBIAN" "$tree/etc/hooktop"
install -m 644 "$here/config.ini" "$tree/etc/hooktop/config.ini"
install -m 755 "$here/postinst" "$here/prerm" "$here/postrm" "$tree/DEBIAN/"
echo /etc/hooktop/config.ini >"$tree/DEBIAN/conffiles"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: hooktop
Version: $version
Architecture: $(dpkg --print-architecture)
Section: net
Priority: optional
Maintainer: hooktop <hooktop@localhost>
Depends: $depends
Recommends: ca-certificates
Suggests: postgresql
Installed-Size: $(du -k -s --exclude=DEBIAN "$tree" | cut -f1)
Description: console and delivery engine for outbound webhooks kept in PostgreSQL
 An application writes an event in its own transaction; hooktop signs it the
 way each receiver expects, delivers it, retries it, records every attempt, and
 lets people watch and step in from a terminal, over SSH.
CONTROL
(cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
chmod -R u+rwX,go+rX,go-w "$tree"
find "$tree" -newermt "@$epoch" -print0 | xargs -0 -r touch --no-dereference --date="@$epoch"
SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group -Zxz --build "$tree" "$out" >/dev/null
