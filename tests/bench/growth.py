"""growth: the cost of a message against what may grow, each with a picture."""
import pathlib
import statistics
import subprocess

import filters

# What grows: name -> (axis, values, options of heloscope's configuration for a value).
CONFIGURED = {
    "lists": ("DNS lists", (0, 1, 2, 4, 8, 12), lambda value: {"lists": value}),
    "rules": ("policy rules", (0, 10, 50, 100, 250, 500), lambda value: {"rules": value}),
    "networks": ("trusted networks", (0, 100, 1000, 3000, 10000), lambda value: {"networks": value}),
    "cache": ("cache, MB", (1, 2, 4, 8, 32), lambda value: {"cache": value}),
}
CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
ROUNDS = 3
RECIPIENTS = (1, 2, 5, 10, 20, 50, 100)

PICTURE = """set terminal svg size 480,300 font "sans,11" background "white"
set output "{picture}"
set xlabel "{axis}"
set ylabel "{measure}"
set yrange [0:*]
set key off
set grid
{scale}
plot "{data}" using 1:2 with linespoints pointtype 7 pointsize 0.5 linecolor "#1f5fa8"
"""


def growth(bench):
    """What a message costs beside a filter that does nothing, as lists, rules, networks, recipients, the cache and sessions grow."""
    with bench.filter(filters.noop, "-growth") as noop:
        for name, (axis, values, options_of) in CONFIGURED.items():
            points = []
            for value in values:
                with bench.filter(filters.heloscope, "-growth", **options_of(value)) as running:
                    points.append((value, cost(bench, noop, running)))
            keep(bench, name, axis, points)
        with bench.filter(filters.heloscope, "-growth") as running:
            points = [(value, cost(bench, noop, running, recipients=value)) for value in RECIPIENTS]
            keep(bench, "recipients", "recipients of a message", points)
            points = [(value, cost(bench, noop, running, connections=value)) for value in CONNECTIONS]
            keep(bench, "connections", "connections", points, is_logarithmic=True)


def cost(bench, noop, running, connections=32, recipients=1):
    """CPU of a message in microseconds, beyond that of the filter that does nothing, at the same time."""
    messages = 6000 if recipients < 10 else 1500
    checks = ["spf", "iprev"]  # lists are what some of the curves change
    bench.load(running, bench.cases(checks), connections=32, messages=2000)
    beyond = []
    for _ in range(ROUNDS):
        base = bench.load(noop, bench.cases([], recipients), connections=connections, messages=messages)
        found = bench.load(running, bench.cases(checks, recipients), connections=connections, messages=messages)
        beyond.append(found["cpu_us"] - base["cpu_us"])
    return statistics.median(beyond)


def keep(bench, name, axis, points, is_logarithmic=False):
    measure = "CPU beyond a no-op filter's, us a message"
    bench.results[f"growth: {axis}"] = {f"{value}": found for value, found in points}
    folder = pathlib.Path(bench.lab.builddir) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / f"growth-{name}.dat"
    data.write_text("".join(f"{value} {found:.1f}\n" for value, found in points))
    if not filters.installed("gnuplot"):
        bench.remarks.append("gnuplot is not installed: no pictures")
        return
    script = PICTURE.format(picture=data.with_suffix(".svg"), data=data, axis=axis, measure=measure,
                            scale="set logscale x" if is_logarithmic else "")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
