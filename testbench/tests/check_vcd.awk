# A strict reader of value change dumps (IEEE 1364, clause 18): fails with the line and the reason
# if the file is not whole. Knows the kinds of value that SystemC writes: scalars, vectors, reals.
#   awk -f check_vcd.awk FILE
function bad(why) {
  print FILENAME ":" FNR ": " why
  failed = 1
  exit 1
}
function check_id(id) { if (!(id in width)) bad("a value of something that is not declared: " id) }

BEGIN { state = "header" }
length($0) > 0 && !/^[ -~\t]*$/ { bad("not plain text") }
NF == 0 { next }

# Sections run to their $end, on the same line or a later one.
section != "" {
  if ($NF == "$end") section = ""
  next
}
/^\$(date|version|timescale|comment)/ {
  seen[$1] = 1
  if ($NF != "$end") section = $1
  next
}
state == "header" && $1 == "$scope" && NF == 4 && $4 == "$end" { depth++; next }
state == "header" && $1 == "$upscope" && NF == 2 { if (--depth < 0) bad("no scope to leave"); next }
state == "header" && $1 == "$var" {
  if (NF < 6 || $NF != "$end") bad("an unfinished declaration")
  if ($3 !~ /^[0-9]+$/ || $3 < 1) bad("a width of " $3)
  width[$4] = $3
  type[$4] = $2
  next
}
state == "header" && $1 == "$enddefinitions" && $2 == "$end" {
  if (depth != 0) bad("a scope is left open")
  if (!seen["$timescale"]) bad("no time scale")
  state = "changes"
  next
}
state == "header" { bad("not a declaration: " $0) }

$1 == "$dumpvars" || $1 == "$dumpall" || $1 == "$end" { next }
/^#[0-9]+$/ {
  time = substr($0, 2)
  # Compared digit by digit: times in picoseconds do not fit the numbers of every awk.
  if (last != "" && !(length(time) > length(last) || length(time) == length(last) && "t" time > "t" last))
    bad("time goes from " last " to " time)
  last = time
  next
}
/^[01xzXZ][^ ]+$/ {
  check_id(substr($0, 2))
  if (width[substr($0, 2)] != 1) bad("a single bit for a vector")
  next
}
/^[bB][01xzXZ]+ [^ ]+$/ {
  check_id($2)
  if (length($1) - 1 > width[$2]) bad("too many bits")
  next
}
/^[rR][-+0-9.eE]+ [^ ]+$/ {
  check_id($2)
  if (type[$2] != "real") bad("a real number for a " type[$2])
  next
}
{ bad("not a value: " $0) }

END {
  if (failed) exit 1
  if (state != "changes" || section != "") bad("ends in the middle of the header")
  if (last == "") bad("no time at all")
}
