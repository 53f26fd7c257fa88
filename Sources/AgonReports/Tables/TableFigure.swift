import AgonConfiguration

/// A figure that is drawn beside a table.
struct TableFigure: ConfigDecodable, Sendable {
    /// Names its files.
    let name: String
    let title: String
    /// The rows that are in it; nil: all.
    let rows: [String]?
    let kind: FigureKind

    init(from reader: ConfigReader) throws {
        name = try reader.string("name", "A name for the figure's files.")
        try reader.require(
            !name.isEmpty && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 > 0x20 } && !name.hasPrefix("."),
            "name", "'\(name)' is no file name")
        title = try reader.string("title", "What stands over the figure.")
        rows = try reader.optionalStrings("rows", count: 1..., "The rows that are shown; all if not given.")
        kind = try FigureKind.registry.decode(from: reader)
    }
}

enum FigureKind: Sendable {
    enum Abscissa: String, CaseIterable, Sendable {
        case step, epoch, minutes
    }

    /// A panel for each metric, in it a line for each row: the mean over seeds, and the range in a lighter tone.
    case curves([String], against: Abscissa, isLogarithmic: Bool)
    /// A panel for each column, in it a box over the seeds for each row.
    case boxes([String])
    /// A row of images for each row of the table: grids of samples at the steps.
    case grids(steps: [Int])

    static let registry: VariantRegistry<FigureKind> = {
        let registry = VariantRegistry<FigureKind>(schemaName: "Figure", noun: "figure")
        registry.register("curves", "Curves of metrics: the mean over seeds, and the range from least to most.") {
            reader in
            .curves(
                try reader.strings("metrics", count: 1...4, "Keys of metrics.jsonl; each has a panel of its own."),
                against: try reader.choice("against", default: .step, "What the x axis is."),
                isLogarithmic: try reader.boolean("logarithmic", default: false, "Draw the values on a log scale."))
        }
        registry.register("boxes", "Box plots over seeds.") { reader in
            .boxes(try reader.strings("columns", count: 1...4, "Keys of columns; each has a panel of its own."))
        }
        registry.register("grids", "Grids of samples of the first seed at given steps.") { reader in
            .grids(
                steps: try reader.integers(
                    "steps", count: 1...8, in: 1..., "The steps; where there is no grid, the nearest before is shown."))
        }
        return registry
    }()

    var columns: [String] { if case .boxes(let columns) = self { columns } else { [] } }
}
