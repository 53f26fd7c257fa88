import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonText

extension Inspection {
    /// Tables for people: layers, then FLOPs and memory per step. 1 MB is 10⁶ bytes.
    public var text: String {
        var lines: [String] = ["\(name): \(objective), batch \(batchSize)", ""]
        for network in networks {
            lines += Self.table(of: network)
            lines.append("")
        }
        lines.append("one step")
        for phase in phases {
            let turns = phase.repeats == 1 ? "" : " (\(phase.repeats) times)"
            func billions(_ operations: Int) -> String { Self.decimal(Double(operations) / 1e9, 3) }
            let average = billions(phase.floatingPointOperations)
            let work =
                phase.share < 1
                ? "\(billions(phase.operationsPerRun)) GFLOP when it runs, \(average) GFLOP a step on average"
                : "\(average) GFLOP"
            lines.append("  phase '\(phase.name)'\(turns): \(work)")
        }
        if let convolutions = ConvolutionTable(phases).text { lines += ["", convolutions] }
        lines += ["", "planned memory, MB", Self.memoryTable(rows)]
        if let datasetNote { lines.append("  dataset: \(datasetNote)") }
        return lines.joined(separator: "\n")
    }

    /// Lines of labels and sizes.
    static func memoryTable(_ rows: [(String, Int)]) -> String {
        var table = TextTable(["", ""])
        for (label, bytes) in rows { table.add(["  " + label, megabytes(bytes)]) }
        return String(table.text.drop { $0.isNewline })
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
        var table = TextTable(["  layer", "type", "output", "parameters", "kFLOP a sample", ""])
        table.add(["  input", "", network.inputShape.description, "", "", ""])
        for layer in network.layers {
            let work = layer.floatingPointOperations
            table.add([
                String(repeating: "  ", count: layer.depth + 1) + layer.name, layer.type, layer.outputShape.description,
                layer.parameterCount == 0 ? "" : NumberText.grouped(layer.parameterCount),
                work == 0 ? "" : decimal(Double(work) / 1e3, 1), layer.note.map { "(\($0))" } ?? "",
            ])
        }
        table.add([
            "  total", "", "", NumberText.grouped(network.parameterCount),
            decimal(Double(network.floatingPointOperations) / 1e3, 1), "",
        ])
        return [network.name, table.text]
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
                        "floatingPointOperationsPerRun": ConfigNode($0.operationsPerRun),
                        "activationBytes": ConfigNode($0.plan.activations),
                        "activationBytesWithoutReuse": ConfigNode($0.plan.withoutReuse),
                        "workspaceBytes": ConfigNode($0.plan.workspace),
                    ] as ConfigNode
                }),
            "convolutions": ConvolutionTable(phases).node,
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

    // MARK: Text

    static func megabytes(_ bytes: Int) -> String { decimal(Double(bytes) / 1e6, 2) }

    private static func decimal(_ value: Double, _ places: Int) -> String {
        NumberText.grouped(value, decimals: places)
    }
}
