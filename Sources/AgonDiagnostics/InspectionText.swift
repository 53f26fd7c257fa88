import AgonConfiguration
import AgonGraph
import AgonLayers

extension Inspection {
    /// Tables for people: layers, then the work and memory of a step. MB are 10⁶ bytes.
    public var text: String {
        var lines: [String] = ["\(name): \(objective), batch \(batchSize)", ""]
        for network in networks {
            lines += Self.table(of: network)
            lines.append("")
        }
        lines.append("one step")
        for phase in phases {
            let turns = phase.repeats == 1 ? "" : " (\(phase.repeats) times)"
            lines.append(
                "  phase '\(phase.name)'\(turns): \(Self.decimal(Double(phase.floatingPointOperations) / 1e9, 3)) GFLOP"
            )
        }
        lines += ["", "planned memory, MB"]
        lines += rows.map { Self.memoryRow($0.0, $0.1) }
        if let datasetNote { lines.append("  dataset: \(datasetNote)") }
        return lines.joined(separator: "\n")
    }

    static func memoryRow(_ label: String, _ bytes: Int) -> String {
        "  " + padded(label, 22) + leading(megabytes(bytes), 10)
    }

    private var rows: [(String, Int)] {
        var rows = [
            ("program", memory.program), ("parameters", memory.parameters), ("statistics", memory.statistics),
            ("optimizer state", memory.optimizerState), ("loop state", memory.loopState),
            ("activations", memory.activations), ("workspace", memory.workspace),
            ("checkpoint copy", memory.checkpointCopy), ("total", memory.total),
        ]
        if let datasetBytes { rows.append(("dataset, besides", datasetBytes)) }
        return rows
    }

    static func table(of network: NetworkTable) -> [String] {
        var rows = [["layer", "type", "output", "parameters", "kFLOP a sample"]]
        rows.append(["input", "", network.inputShape.description, "", ""])
        for layer in network.layers {
            let name = String(repeating: "  ", count: layer.depth) + layer.name
            let work = layer.floatingPointOperations
            rows.append([
                name, layer.type, layer.outputShape.description,
                layer.parameterCount == 0 ? "" : grouped(layer.parameterCount),
                (work == 0 ? "" : decimal(Double(work) / 1e3, 1)) + (layer.note.map { "  (\($0))" } ?? ""),
            ])
        }
        rows.append([
            "total", "", "", grouped(network.parameterCount), decimal(Double(network.floatingPointOperations) / 1e3, 1),
        ])
        let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return [network.name]
            + rows.map { row in
                var line = "  "
                for (column, cell) in row.enumerated() {
                    line +=
                        column < 3
                        ? padded(cell, widths[column] + 2) : column == 3 ? leading(cell, widths[3]) + "  " : cell
                }
                while line.last == " " { line.removeLast() }
                return line
            }
    }

    // MARK: JSON

    /// The same for programs; sizes in bytes.
    public var node: ConfigNode {
        [
            "name": ConfigNode(name), "objective": ConfigNode(objective), "batchSize": ConfigNode(batchSize),
            "networks": ConfigNode(networks.map(Self.node)),
            "phases": ConfigNode(
                phases.map {
                    [
                        "name": ConfigNode($0.name), "repeats": ConfigNode($0.repeats),
                        "floatingPointOperations": ConfigNode($0.floatingPointOperations),
                        "activationBytes": ConfigNode($0.plan.activations),
                        "activationBytesWithoutReuse": ConfigNode($0.plan.withoutReuse),
                        "workspaceBytes": ConfigNode($0.plan.workspace),
                    ] as ConfigNode
                }),
            "memory": [
                "program": ConfigNode(memory.program), "parameters": ConfigNode(memory.parameters),
                "checkpointCopy": ConfigNode(memory.checkpointCopy), "statistics": ConfigNode(memory.statistics),
                "optimizerState": ConfigNode(memory.optimizerState), "loopState": ConfigNode(memory.loopState),
                "activations": ConfigNode(memory.activations), "workspace": ConfigNode(memory.workspace),
                "total": ConfigNode(memory.total),
            ],
            "dataset": [
                "samples": sampleCount.map { ConfigNode($0) } ?? .null,
                "bytes": datasetBytes.map { ConfigNode($0) } ?? .null,
                "note": datasetNote.map { ConfigNode($0) } ?? .null,
            ],
        ]
    }

    static func node(_ network: NetworkTable) -> ConfigNode {
        [
            "name": ConfigNode(network.name), "inputShape": node(network.inputShape.dimensions),
            "parameters": ConfigNode(network.parameterCount),
            "floatingPointOperations": ConfigNode(network.floatingPointOperations),
            "layers": ConfigNode(
                network.layers.map { layer in
                    [
                        "path": ConfigNode(layer.path), "name": ConfigNode(layer.name), "type": ConfigNode(layer.type),
                        "outputShape": node(layer.outputShape.dimensions),
                        "parameters": ConfigNode(layer.parameterCount),
                        "statistics": ConfigNode(layer.statisticCount),
                        "floatingPointOperations": ConfigNode(layer.floatingPointOperations),
                    ] as ConfigNode
                }),
        ]
    }

    private static func node(_ numbers: [Int]) -> ConfigNode { ConfigNode(numbers.map { ConfigNode($0) }) }

    // MARK: Words

    static func megabytes(_ bytes: Int) -> String { decimal(Double(bytes) / 1e6, 2) }

    static func decimal(_ value: Double, _ places: Int) -> String {
        var factor = 1.0
        for _ in 0..<places { factor *= 10 }
        let scaled = Int((value * factor).rounded())
        let fraction = String(scaled % Int(factor))
        return grouped(scaled / Int(factor)) + "." + String(repeating: "0", count: places - fraction.count) + fraction
    }

    /// `1234567` as `1,234,567`.
    static func grouped(_ number: Int) -> String {
        var text = ""
        for (place, digit) in String(number).reversed().enumerated() {
            if place > 0, place % 3 == 0, digit != "-" { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func leading(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
