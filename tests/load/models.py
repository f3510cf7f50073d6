# SPDX-License-Identifier: EUPL-1.2
"""The three models of the engine's measurement, once with FEEL and once in the language of each peer."""
HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">'


def flow(number, a, b):
    return f'<sequenceFlow id="f{number}" sourceRef="{a}" targetRef="{b}"/>'


def node(tag, name, ways_in, ways_out, inside="", more=""):
    links = "".join(f"<incoming>f{n}</incoming>" for n in ways_in) + "".join(f"<outgoing>f{n}</outgoing>" for n in ways_out)
    return f'<{tag} id="{name}"{more}>{links}{inside}</{tag}>'


def graph(nodes, ways):
    """`nodes`: (tag, name, inside, attributes); `ways`: pairs of names."""
    text = [flow(n, a, b) for n, (a, b) in enumerate(ways)]
    for tag, name, inside, more in nodes:
        into = [n for n, (_, b) in enumerate(ways) if b == name]
        out = [n for n, (a, _) in enumerate(ways) if a == name]
        text.append(node(tag, name, into, out, inside, more))
    return "".join(text)


def script(language, variable, value):
    if language == "feel":
        return f"<script>{{{variable}: {value}}}</script>", ""
    if language == "py":
        return f"<script>{variable} = {value}</script>", ""
    return f"<script><![CDATA[this.environment.variables.{variable} = {value.replace('n', 'this.environment.variables.n')}; next();]]></script>", ' scriptFormat="js"'


def line(language):
    names = [f"t{n}" for n in range(1, 11)]
    nodes = [("startEvent", "s", "", ""), ("endEvent", "e", "", "")]
    nodes += [("scriptTask", name, *script(language, "n", "n + 1")) for name in names]
    stations = ["s", *names, "e"]
    return graph(nodes, list(zip(stations, stations[1:])))


def fork(language):
    names = [f"t{n}" for n in range(1, 6)]
    nodes = [("startEvent", "s", "", ""), ("endEvent", "e", "", ""), ("parallelGateway", "f", "", ""), ("parallelGateway", "j", "", "")]
    nodes += [("scriptTask", name, *script(language, f"x{n}", f"n + {n}")) for n, name in enumerate(names, 1)]
    return graph(nodes, [("s", "f"), ("j", "e"), *(("f", name) for name in names), *((name, "j") for name in names)])


def three(_):
    nodes = [("startEvent", "s", "", ""), ("endEvent", "e", "", ""), *(("userTask", name, "", "") for name in "abc")]
    return graph(nodes, [("s", "a"), ("a", "b"), ("b", "c"), ("c", "e")])


def write(folder):
    """`line`, `fork` and `three` as `<name>.<feel|py|js>.bpmn`; all begin with n = 0."""
    for language in ("feel", "py", "js"):
        for name, make in (("line", line), ("fork", fork), ("three", three)):
            inside = make(language)
            text = f'{HEAD}<process id="{name}" isExecutable="true">{inside}</process></definitions>'
            (folder / f"{name}.{language}.bpmn").write_text(text, encoding="utf-8")
