import AgonConfiguration

/// A figure of a table.
struct TableFigure: ConfigDecodable, Sendable {
    /// Names its files.
    let name: String
    let title: String
    /// The rows shown; nil: all.
    let rows: [String]?
    let kind: FigureKind

    init(from reader: ConfigReader) throws {
        name = try reader.string("name", "The name of the figure's files.")
        try reader.require(
            !name.isEmpty && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 > 0x20 } && !name.hasPrefix("."),
            "name", "'\(name)' is not a valid file name")
        title = try reader.string("title", "The figure's title.")
        rows = try reader.optionalStrings("rows", count: 1..., "The rows shown; default: all.")
        kind = try FigureKind.registry.decode(from: reader)
    }

    /// Its evaluations, if it is of that kind.
    var reevaluations: Reevaluations? {
        if case .reevaluations(let reevaluations) = kind { reevaluations } else { nil }
    }

    func shows(_ row: TableRow) -> Bool { rows.map { $0.contains(row.name) } ?? true }
}

enum FigureKind: Sendable {
    enum Abscissa: String, CaseIterable, Sendable {
        case step, epoch, minutes
    }

    /// A panel per metric with a line per row: the mean over seeds, and the range in a lighter tone; of the values, or
    /// of the best so far in each trial.
    case curves([String], against: Abscissa, isLogarithmic: Bool, isBestSoFar: Bool)
    /// A panel per column with a box over the seeds per row.
    case boxes([String])
    /// A box per row over repeated evaluations of one checkpoint.
    case reevaluations(Reevaluations)
    /// A row of sample grids at the given steps for each row of the table.
    case grids(steps: [Int])

    static let registry: VariantRegistry<FigureKind> = {
        let registry = VariantRegistry<FigureKind>(schemaName: "Figure", noun: "figure")
        registry.register("curves", "Curves of metrics: the mean over seeds, and the range from minimum to maximum.") {
            reader in
            .curves(
                try reader.strings("metrics", count: 1...4, "Keys of metrics.jsonl, one panel each."),
                against: try reader.choice("against", default: .step, "The quantity on the x axis."),
                isLogarithmic: try reader.boolean("logarithmic", default: false, "Draw the values on a log scale."),
                isBestSoFar: try reader.boolean(
                    "bestSoFar", default: false, "Draw each trial's best value so far instead of each value.")
            )
        }
        registry.register("boxes", "Box plots over seeds.") { reader in
            .boxes(try reader.strings("columns", count: 1...4, "Keys of columns, one panel each."))
        }
        registry.register(
            "reevaluations",
            "Box plots over evaluations of one best checkpoint of each row, each of other latents: that of the first "
                + "completed trial. The sweep sets checkpoints.best."
        ) { reader in .reevaluations(try Reevaluations(from: reader)) }
        registry.register("grids", "Grids of samples of the first seed at given steps.") { reader in
            .grids(
                steps: try reader.integers(
                    "steps", count: 1...8, in: 1..., "The steps; a step without a grid shows the latest earlier one."))
        }
        return registry
    }()

    var columns: [String] { if case .boxes(let columns) = self { columns } else { [] } }
}
