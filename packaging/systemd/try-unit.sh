#!/usr/bin/env bash
# Runs the unit for real: installs it with its account, folders, a certificate and the wheels of `make wheels`, starts it,
# asks sys/health, tries what it must not be able to do, reloads and stops it, and removes it again.
#
# Needs: root; systemd 254 or newer as the first process; python3 with venv, openssl, curl; the package registry, or
# wheels in PIP_FIND_LINKS. For a machine that is thrown away afterwards: it takes port 8200, the account cryptoserve, and
# /opt, /etc, /var/lib and /var/log/cryptoserve.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { echo "try-unit: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "needs root"
[ "$(cat /proc/1/comm)" = systemd ] || fail "needs systemd as the first process, which is $(cat /proc/1/comm) here"
for program in python3 openssl curl; do command -v "$program" >/dev/null || fail "needs $program"; done
for path in /opt/cryptoserve /etc/cryptoserve /var/lib/cryptoserve /etc/systemd/system/cryptoserve.service; do
    [ ! -e "$path" ] || fail "$path is there already"
done
ls dist/cryptoserve_server-*.whl dist/cryptoserve_sdk-*.whl >/dev/null || fail "needs the wheels: make wheels"

remove() {
    systemctl stop cryptoserve 2>/dev/null || true
    rm -rf /opt/cryptoserve /etc/cryptoserve /var/lib/cryptoserve /var/log/cryptoserve \
        /etc/systemd/system/cryptoserve.service /usr/lib/sysusers.d/cryptoserve.conf /usr/lib/tmpfiles.d/cryptoserve.conf
    systemctl daemon-reload
}
trap remove EXIT

python3 -m venv /opt/cryptoserve
/opt/cryptoserve/bin/pip install --quiet --require-hashes --requirement requirements.lock
/opt/cryptoserve/bin/pip install --quiet --no-deps dist/cryptoserve_server-*.whl dist/cryptoserve_sdk-*.whl
install -m 0644 packaging/systemd/cryptoserve.service /etc/systemd/system/
install -m 0644 packaging/systemd/cryptoserve.sysusers.conf /usr/lib/sysusers.d/cryptoserve.conf
install -m 0644 packaging/systemd/cryptoserve.tmpfiles.conf /usr/lib/tmpfiles.d/cryptoserve.conf
systemd-sysusers cryptoserve.conf
systemd-tmpfiles --create cryptoserve.conf
install -m 0640 -g cryptoserve packaging/systemd/cryptoserve.hcl /etc/cryptoserve/
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout /etc/cryptoserve/tls/tls.key -out /etc/cryptoserve/tls/tls.crt 2>/dev/null
chgrp cryptoserve /etc/cryptoserve/tls/*
chmod 0640 /etc/cryptoserve/tls/*

systemctl daemon-reload
systemctl start cryptoserve || { journalctl -u cryptoserve --no-pager | tail -n 20; fail "it doesn't start"; }
status=$(curl -s -o /dev/null -w '%{http_code}' --cacert /etc/cryptoserve/tls/tls.crt https://localhost:8200/v1/sys/health)
[ "$status" = 501 ] || fail "a server that isn't initialised answers 501, got $status"
main=$(systemctl show -p MainPID --value cryptoserve)
[ "$(stat -c %U "/proc/$main")" = cryptoserve ] || fail "it runs as $(stat -c %U "/proc/$main")"
grep -q '^CapEff:[[:space:]]*0*$' "/proc/$main/status" || fail "it has capabilities"
grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$main/status" || fail "it may gain privileges"
grep -q '^Seccomp:[[:space:]]*2$' "/proc/$main/status" || fail "its system calls aren't filtered"
systemctl reload cryptoserve
systemctl is-active --quiet cryptoserve || fail "a reload ended it"
begun=$(date +%s)
systemctl stop cryptoserve
[ "$(systemctl show -p ExecMainStatus --value cryptoserve)" = 0 ] || fail "it didn't end with status 0"
[ $(($(date +%s) - begun)) -le 15 ] || fail "it took longer than 15 seconds to stop"
echo "try-unit: the unit runs"
