"""report: the findings as text and as JSON, and beside those that were kept."""
import json
import os
import platform


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}"


def table(found):
    """Rows of figures; filters have the same figures and become lines of a table."""
    if not all(isinstance(value, dict) for value in found.values()):
        return [f"  {name:58} {shown(value):>12}" for name, value in found.items()]
    columns = list(dict.fromkeys(key for row in found.values() for key in row))
    width = max(13, *map(len, found))
    lines = ["  " + " " * width + "".join(f"{column:>13}" for column in columns)]
    for name, row in found.items():
        lines.append("  " + f"{name:{width}}" + "".join(f"{shown(row.get(column, '')):>13}" for column in columns))
    return lines


def shown(value):
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def goal_line(goal):
    sign = "at least" if goal["at_least"] else "at most"
    mark = "met   " if goal["met"] else "missed"
    return f"  {mark} {goal['what']}: {shown(goal['value'])}{goal['unit'] and ' ' + goal['unit']} ({sign} {goal['limit']})"


def compared(goals, kept):
    """Today's figures beside those that were kept."""
    lines = ["  " + f"{'':74}{'kept':>9}{'today':>9}"]
    for goal in goals:
        before = kept.get(goal["what"])
        lines.append(f"  {goal['what']:74}{shown(before) if before is not None else '-':>9}{shown(goal['value']):>9}")
    return lines


def write(bench, folder, kept_path, is_to_keep):
    kept = json.loads(kept_path.read_text()) if kept_path.exists() else {}
    lines = [f"heloscope bench, {machine()}"]
    for name, found in bench.results.items():
        lines += ["", name, *table(found)]
    if bench.goals:
        lines += ["", "Goals", *map(goal_line, bench.goals)]
    if kept and bench.goals:
        lines += ["", "Beside what was kept", *compared(bench.goals, kept)]
    if bench.remarks:
        lines += ["", "Remarks", *(f"  {remark}" for remark in dict.fromkeys(bench.remarks))]
    text = "\n".join(lines) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.txt").write_text(text)
    found = {"machine": machine(), "results": bench.results, "goals": bench.goals, "remarks": bench.remarks}
    (folder / "report.json").write_text(json.dumps(found, indent=1) + "\n")
    if is_to_keep:
        kept_path.write_text(json.dumps({**kept, **{goal["what"]: goal["value"] for goal in bench.goals}}, indent=1) + "\n")
    return text
