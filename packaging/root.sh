#!/bin/sh
# root.sh BINARY FOLDER: makes FOLDER all that a container of Keydesk has: the binary, the libraries that it is linked with, the names
# of two users, and an empty folder for data. Time zones and certificate authorities are in the binary.
set -eu
binary=$1
root=$2

mkdir -p "$root/etc" "$root/data" "$root/tmp"
chmod 700 "$root/data"
chmod 1777 "$root/tmp"
cp "$binary" "$root/keydesk"
ldd "$binary" | grep -o '/[^ ]*' | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
printf 'root:x:0:0::/:/none\nkeydesk:x:10001:10001::/data:/none\n' > "$root/etc/passwd"
printf 'root:x:0:\nkeydesk:x:10001:\n' > "$root/etc/group"
