"""Do the tables of a folder hold what they should? What columns.py and networks.py have in common."""

import configparser
import subprocess

import numpy

UNCOMPARED = {"meaning": "prose"}
TOLERANCE = 1e-5  # float32 errors of these small networks stay below a third of it
ROUNDINGS = 30  # that a number goes through in a network of some layers
failures = 0


def check(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'}  {what}")


def run_silently(name, command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    said = done.stderr.strip()
    check(done.returncode == 0 and not said, f"{name}: {command[0].name} runs {said}")


def listed_tables(program):
    """The names of the tables that an analysis writes, as it says itself."""
    done = subprocess.run([program, "--tables"], check=True, capture_output=True, text=True)
    return {line.split("\t")[0].removesuffix(".tsv") for line in done.stdout.splitlines()}


def configure(tools, folder, settings):
    """All settings: those, and defaults. Writes config.ini."""
    path, empty = folder / "config.ini", folder / "empty.ini"
    empty.write_text("")
    words = [f"{name}={value}" for name, value in settings.items()]
    subprocess.run([tools / "train", "--dump-config", path, empty, *words], check=True)
    parser = configparser.ConfigParser()
    parser.read(path)
    return {f"{s}.{key}": value for s in parser.sections() for key, value in parser[s].items()}


def finish():
    """The exit status of the test."""
    print(f"{failures} checks failed" if failures else "all as it should be")
    return 1 if failures else 0


# ---- tables ----


class Table:
    def __init__(self, path):
        lines = path.read_text().splitlines()
        self.comments = [line[2:] for line in lines if line.startswith("#")]
        self.names, *rows = (line.split("\t") for line in lines if not line.startswith("#"))
        self.columns = {name: [row[i] for row in rows] for i, name in enumerate(self.names)}


def as_columns(expected):
    """A table of quantities, which is {quantity: (value, unit)}, as columns."""
    if not all(isinstance(value, tuple) and len(value) == 2 for value in expected.values()):
        return expected
    values, units = zip(*expected.values())
    return {"quantity": list(expected), "value": values, "unit": units}


def differences(found, expected, alone, labels, near=()):
    """Texts on the cells of a column that differ. `alone`: each is held to its own size, not to
    that of the largest in the column. `labels` are names of the rows. `near` has the columns of
    networks whose weights are off by rounding errors: as a network has some times as many on the
    way, a cell may be off by a multiple of the change."""
    expected = list(expected)
    if len(found) != len(expected):
        return [f"{len(found)} rows, expected {len(expected)}"]
    if any(isinstance(value, str) for value in expected):
        pairs = enumerate(zip(found, expected))
        return [f"{labels[i]}: {x}, expected {y}" for i, (x, y) in pairs if x != y]
    found, expected = numpy.array(found, float), numpy.array(expected, float)
    sizes = numpy.abs(expected)
    bound = TOLERANCE * (sizes if alone else numpy.nanmax(sizes, initial=0))
    for column in near:
        change = numpy.abs(numpy.array(list(column), float) - expected)
        bound = numpy.maximum(bound, ROUNDINGS * numpy.nan_to_num(change))
    same = (numpy.abs(found - expected) <= bound) | (numpy.isnan(found) & numpy.isnan(expected))
    wrong = numpy.flatnonzero(~same)
    return [f"{labels[i]}: {found[i]:.9g}, expected {expected[i]:.9g}" for i in wrong]


def check_table(name, table, expected, title, near=()):
    expected, near = as_columns(expected), [as_columns(other) for other in near]
    firsts, of_quantities = table.columns[table.names[0]], table.names[0] == "quantity"
    check(any(title in line for line in table.comments), f"{name}: the title has {title!r}")
    names = set(table.names) - set(UNCOMPARED)
    check(names == set(expected), f"{name}: the columns {names ^ set(expected) or ''}")
    if of_quantities and table.columns["quantity"] != expected["quantity"]:
        wrong = set(table.columns["quantity"]) ^ set(expected["quantity"])
        check(False, f"{name}: the quantities {wrong or 'in another order'}")
        return
    labels = [cell if of_quantities else f"row {i}" for i, cell in enumerate(firsts)]
    for column in sorted(names & set(expected)):
        columns = [other[column] for other in near]
        texts = differences(table.columns[column], expected[column], of_quantities, labels, columns)
        rest = f", and {len(texts) - 1} more" if len(texts) > 1 else ""
        check(not texts, f"{name}: {column} {texts[0] + rest if texts else ''}")


def check_folder(name, path, program, expected, title, near=()):
    """All tables of a folder, whose comments have this line: those that the tool lists."""
    found = {table.stem for table in path.iterdir()}
    listed = listed_tables(program)
    check(found == listed, f"{name}: the tables {sorted(found)}")
    check(set(expected) == listed, f"{name}: {sorted(listed ^ set(expected))} undefined")
    for table in sorted(found & set(expected)):
        others = [other[table] for other in near]
        check_table(f"{name}/{table}", Table(path / f"{table}.tsv"), expected[table], title, others)
