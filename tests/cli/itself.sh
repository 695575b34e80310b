#!/bin/sh
# itself.sh: does run.sh see what is wrong? A made-up tool is tested by cases that must pass and by cases
# that must not, each for its own reason.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failures=0

cat >"$work/speak" <<'END'
#!/bin/sh
# speak OUT ERR STATUS: says two texts and ends.
[ -z "$1" ] || printf '%b\n' "$1"
[ -z "$2" ] || printf '%b\n' "$2" >&2
exit "$3"
END
chmod +x "$work/speak"

# With the case of standard input run.sh ends with STATUS, and says PATTERN if there is one.
ends() { # STATUS [PATTERN]
  { echo 'case: a case' && cat; } >"$work/speak.test"
  status=0
  "$here/run.sh" "$work" "$work/speak.test" >"$work/said" 2>&1 || status=$?
  if [ "$status" -ne "$1" ] || ! grep -qFe "${2-}" "$work/said"; then
    failures=$((failures + 1))
    printf 'FAILED: status %s where %s was expected, or no "%s", with\n' "$status" "$1" "${2-}"
    sed 's/^/  /' "$work/speak.test" "$work/said"
  fi
}

# ---- keys ----

for key in needs run exit makes; do
  ends 1 "case \"a case\": a second \"$key:\"" <<END
needs: true
run: speak one '' 0
exit: 0
makes: file
$key: true
stdout: one
END
done
ends 1 'no "run:"' <<'END'
stdout: one
END
ends 1 'nothing is expected' <<'END'
run: speak '' '' 0
makes: file
END
ends 1 'expected "key: value", found: stduot' <<'END'
run: speak '' '' 0
stduot: one
END

# ---- standard output ----

ends 0 <<'END'
run: speak 'one\ntwo' '' 0
stdout: ^one$
stdout: ^two$
END
ends 1 'no line that matches: ^three$' <<'END'
run: speak 'one\ntwo' '' 0
stdout: ^three$
stdout: ^two$
END
ends 1 'standard output is not empty' <<'END'
run: speak one '' 0
check: true
END

# ---- standard error ----

ends 0 <<'END'
run: speak '' 'one\ntwo' 0
stderr: ^one$
stderr: ^two$
END
ends 1 'no line that matches: ^one$' <<'END'
run: speak '' two 0
stderr: ^one$
stderr: ^two$
END
ends 1 'a line that matches nothing: two' <<'END'
run: speak '' 'one\ntwo' 0
stderr: ^one$
END
ends 1 'a line that matches nothing: one' <<'END'
run: speak '' one 0
check: true
END
ends 1 'a line that matches nothing: one' <<'END'
run: speak '' 'one\nspeak: two' 1
exit: 1
stderr: two
END
ends 1 'does not start with "speak: "' <<'END'
run: speak '' 'one' 1
exit: 1
stderr: one
END
ends 0 <<'END'
run: speak '' "speak: one\nusage: speak OUT\nsee 'speak --help'" 2
exit: 2
stderr: ^speak: one$
END
ends 1 'a line that matches nothing: two' <<'END'
run: speak '' "speak: one\ntwo" 2
exit: 2
stderr: ^speak: one$
END
ends 1 'exit status 1, expected 0' <<'END'
run: speak '' 'speak: one' 1
stderr: one
END
ends 0 <<'END'
chatter: ^epoch [0-9]+$
run: speak '' 'epoch 1\none' 0
stderr: ^one$
END

# ---- files ----

ends 1 'files are left over or changed' <<'END'
run: touch file; speak '' 'speak: one' 1
exit: 1
stderr: one
END
ends 1 'file is not there, or is empty' <<'END'
run: touch file
makes: file
check: true
END

# ---- checks: each counts, not the last alone ----

for wrong in false '! true' 'true; ! true' 'false; true'; do
  ends 1 'the check failed' <<END
run: true
check: $wrong
check: true
END
  ends 1 'the setup failed' <<END
setup: $wrong
setup: true
run: true
check: true
END
done
ends 0 <<'END'
setup: one=1
setup: echo $one >file
run: true
check: one=$(cat file)
check: test $one = 1
check: ! false
END

[ "$failures" -eq 0 ]
