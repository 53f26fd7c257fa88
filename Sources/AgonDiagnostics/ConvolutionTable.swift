import AgonConfiguration
import AgonGraph
import AgonText

/// How a training iteration computes its convolutions: one row per layer, one column per pass.
struct ConvolutionTable {
    /// The calls of one layer in one pass, combined.
    struct Cell {
        /// Methods in the order of first use; they may differ between batch sizes.
        var methods: [String] = []
        var directMultiplications = 0
        var multiplications = 0

        /// - Parameter runs: the runs per iteration, on average.
        mutating func add(_ convolution: ConvolutionSummary, runs: Double) {
            if !methods.contains(convolution.method) { methods.append(convolution.method) }
            directMultiplications += Int((runs * Double(convolution.directMultiplications)).rounded())
            multiplications += Int((runs * Double(convolution.multiplications)).rounded())
        }

        /// Multiplications of the direct method per multiplication done.
        var saving: Double { Double(directMultiplications) / Double(max(multiplications, 1)) }

        var text: String {
            if methods.isEmpty { return "" }
            let names = methods.joined(separator: ", ")
            return multiplications == directMultiplications
                ? names : "\(names)  \(NumberText.fixed(saving, decimals: 2))x"
        }
    }

    private(set) var origins: [String] = []
    private(set) var cells: [String: [ConvolutionPass: Cell]] = [:]
    private(set) var total = Cell()

    init(_ phases: [Inspection.Phase]) {
        for phase in phases {
            let runs = Double(phase.repeats) * phase.share
            for convolution in phase.convolutions {
                if cells[convolution.origin] == nil { origins.append(convolution.origin) }
                cells[convolution.origin, default: [:]][convolution.pass, default: Cell()].add(
                    convolution, runs: runs)
                total.add(convolution, runs: runs)
            }
        }
    }

    private static let passes: [(pass: ConvolutionPass, title: String, key: String)] = [
        (.forward, "forward", "forward"), (.inputGradient, "input gradient", "inputGradient"),
        (.weightGradient, "weight gradient", "weightGradient"),
    ]

    /// The table for people; nil without convolutions.
    var text: String? {
        if origins.isEmpty { return nil }
        var table = TextTable(["  convolution"] + Self.passes.map(\.title))
        for origin in origins {
            let row: [String] = Self.passes.map { cells[origin]?[$0.pass]?.text ?? "" }
            table.add(["  " + origin] + row)
        }
        table.add(["  multiplications saved", "\(NumberText.fixed(total.saving, decimals: 2))x", "", ""])
        return table.text
    }

    /// For programs: each layer's passes with methods and multiplications per iteration.
    var node: ConfigNode {
        ConfigNode(
            origins.map { origin in
                var layer = ConfigObject()
                layer["layer"] = ConfigNode(origin)
                for (pass, _, key) in Self.passes {
                    guard let cell = cells[origin]?[pass] else { continue }
                    layer[key] = [
                        "methods": ConfigNode(cell.methods.map { ConfigNode($0) }),
                        "multiplications": ConfigNode(cell.multiplications),
                        "directMultiplications": ConfigNode(cell.directMultiplications),
                    ]
                }
                return ConfigNode(layer)
            })
    }
}
