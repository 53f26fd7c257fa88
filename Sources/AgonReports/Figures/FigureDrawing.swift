import AgonConfiguration
import AgonRuns
import Foundation

/// The gnuplot script of a figure.
struct FigureDrawing {
    private let figure: TableFigure
    private let making: TableMaking
    private let table: ResultTable
    private let rows: [TableRow]
    /// What made the figure, in its corner.
    private let footer: String

    init(_ figure: TableFigure, making: TableMaking, table: ResultTable, footer: String) {
        self.figure = figure
        self.making = making
        self.table = table
        self.footer = footer
        rows = making.rows.filter { row in figure.rows.map { $0.contains(row.name) } ?? true }
    }

    /// Okabe and Ito's colours, which the colour-blind tell apart, the pale ones darkened; dashes tell a second round.
    private static let colours = [
        "#0072b2", "#d55e00", "#009e73", "#aa4499", "#cc8800", "#3399cc", "#555555", "#882255",
    ]

    static func colour(_ index: Int) -> String { colours[index % colours.count] }

    /// Of the legend beside curves, in gnuplot's characters: the longest name with its line.
    private var legendWidth: Int { 7 + (rows.map(\.name.count).max() ?? 0) }

    /// Of the names beside grids, in pixels.
    private var labelWidth: Int { 24 + 7 * (shown.flatMap { Self.lines($0.row.name).map(\.count) }.max() ?? 0) }

    var size: (width: Int, height: Int) {
        switch figure.kind {
        case .curves(let metrics, _, _): (680 + 8 * legendWidth, 60 + 300 * metrics.count)
        case .boxes(let columns): (900, 100 + max(300, 90 + 26 * rows.count) * columns.count)
        case .grids(let steps):
            (max(640, labelWidth + 10 + 220 * different(steps).count), 90 + (cellHeight + 20) * max(1, shown.count))
        }
    }

    /// Nil where there is nothing to draw.
    var script: String? {
        let body: String?
        switch figure.kind {
        case .curves(let metrics, let abscissa, let isLogarithmic): body = curves(metrics, abscissa, isLogarithmic)
        case .boxes(let columns): body = boxes(columns)
        case .grids(let steps): body = grids(different(steps))
        }
        guard let body else { return nil }
        return """
            set style line 100 lc rgb '#888888' lw 0.8
            set border 3 ls 100
            set tics nomirror scale 0.5 textcolor rgb '#333333'
            set grid lc rgb '#dddddd' lw 0.6
            set label 100 \(Gnuplot.quoted(footer)) at screen 0.99,\(9 / Double(size.height)) right font ',7' tc rgb '#777777' noenhanced
            \(body)
            """
    }

    /// After the first of several plots, each of which would draw the footer over that of the others.
    private static let sayOnce = "\nunset label 100\n"

    // MARK: Curves

    private func curves(_ metrics: [String], _ abscissa: FigureKind.Abscissa, _ isLogarithmic: Bool) -> String? {
        var blocks: [String] = []
        var panels: [String] = []
        for (panel, metric) in metrics.enumerated() {
            // Bands lie behind all curves.
            var (bands, lines): ([String], [String]) = ([], [])
            var range: (lowest: Double, highest: Double)?
            let members = rows.map { making.trials(of: $0).filter(\.isDone) }
            let way = Self.usualIdentity(of: metric, members.flatMap(\.self))
            for (index, row) in rows.enumerated() {
                let points = Self.points(of: metric, abscissa, members[index], identity: way)
                guard !points.isEmpty else { continue }
                let block = "$p\(panel)r\(index)"
                for point in points {
                    range = (
                        min(range?.lowest ?? point.lowest, point.lowest),
                        max(range?.highest ?? point.highest, point.highest)
                    )
                }
                let numbers = points.map { "\($0.x) \($0.mean) \($0.lowest) \($0.highest)" }
                blocks.append("\(block) << EOD\n\(numbers.joined(separator: "\n"))\nEOD")
                let colour = Self.colour(index)
                let dash = index < Self.colours.count ? 1 : 2
                if points.contains(where: { $0.lowest < $0.highest }) {
                    bands.append(
                        "\(block) using 1:3:4 with filledcurves fs transparent solid 0.15 noborder lc rgb '\(colour)' notitle"
                    )
                }
                lines.append(
                    "\(block) using 1:2 with \(points.count < 40 ? "linespoints pt 7 ps 0.4" : "lines") dt \(dash) lw 1.6 "
                        + "lc rgb '\(colour)' title \(Gnuplot.quoted(row.name)) noenhanced")
            }
            guard let range else { continue }
            // Within one power of ten, a logarithmic axis would show few of its numbers.
            let isWide = range.lowest > 0 && range.highest > 10 * range.lowest
            let isLast = panel + 1 == metrics.count
            panels.append(
                """
                set ylabel \(Gnuplot.quoted(metric)) noenhanced
                set xlabel \(isLast ? Gnuplot.quoted(Self.label(abscissa)) : "''")
                \(isLogarithmic && isWide ? "set logscale y; set format y '%g'" : "unset logscale y; set format y '%g'")
                plot \((bands + lines).joined(separator: ", \\\n  "))
                """)
        }
        guard !panels.isEmpty else { return nil }
        return """
            \(blocks.joined(separator: "\n"))
            set key outside right center vertical Left reverse samplen 1.5 noenhanced
            set multiplot layout \(panels.count),1 title \(Gnuplot.quoted(figure.title)) noenhanced font ',13' margins char 10, char \(legendWidth), char 4, char 3 spacing char 0, char 3
            \(panels.joined(separator: Self.sayOnce))
            unset multiplot
            """
    }

    private static func label(_ abscissa: FigureKind.Abscissa) -> String {
        switch abscissa {
        case .step: "step"
        case .epoch: "epoch"
        case .minutes: "minutes of training"
        }
    }

    struct CurvePoint {
        let x: Double
        let mean: Double
        let lowest: Double
        let highest: Double
    }

    /// The identity that most trials' values of a metric have. Values of others have no place on the same axis.
    static func usualIdentity(of metric: String, _ trials: [RecordedTrial]) -> EvaluationIdentity? {
        var counts: [(identity: EvaluationIdentity?, trials: Int)] = []
        for case let value? in trials.map({ $0.run.values(of: metric).first }) {
            if let index = counts.firstIndex(where: { $0.identity == value.identity }) {
                counts[index].trials += 1
            } else {
                counts.append((value.identity, 1))
            }
        }
        let highest = counts.map(\.trials).max()
        return counts.first { $0.trials == highest }?.identity
    }

    /// Mean and range over trials where all of them have a value; minutes are the mean's.
    static func points(
        of metric: String, _ abscissa: FigureKind.Abscissa, _ trials: [RecordedTrial], identity: EvaluationIdentity?
    ) -> [CurvePoint] {
        let curves = trials.map { trial in trial.run.values(of: metric).filter { $0.identity == identity } }
            .filter { !$0.isEmpty }
        guard let first = trials.first, !curves.isEmpty else { return [] }
        var steps: [Int: [Double]] = [:]
        for curve in curves { for value in curve { steps[value.step, default: []].append(value.value) } }
        let epochs = Dictionary(first.run.history["epoch"].map { ($0.step, $0.value) }) { $1 }
        return steps.filter { $0.value.count == curves.count }.sorted { $0.key < $1.key }.compactMap { step, values in
            let x: Double?
            switch abscissa {
            case .step: x = Double(step)
            case .epoch: x = epochs[step]
            case .minutes:
                x = Summary(trials.compactMap { $0.run.history.seconds(at: step).map { $0 / 60 } })?.mean
            }
            guard let x, let mean = Summary(values)?.mean, let lowest = values.min(), let highest = values.max() else {
                return nil
            }
            return CurvePoint(x: x, mean: mean, lowest: lowest, highest: highest)
        }
    }

    // MARK: Boxes

    /// Lying boxes, so that the rows' names can be read: median, quartiles, range, and a dot for each trial.
    private func boxes(_ keys: [String]) -> String? {
        var blocks: [String] = []
        var panels: [String] = []
        for (panel, key) in keys.enumerated() {
            guard let column = making.columns.first(where: { $0.key == key }),
                let shown = table.columns.first(where: { $0.key == key })
            else { continue }
            // Values of other identities than the most frequent have no place on the same axis.
            let way = shown.identities.first ?? nil
            var ticks: [String] = []
            var boxes: [String] = []
            var dots: [String] = []
            for (index, row) in rows.enumerated() {
                let y = Double(rows.count - index)
                ticks.append("\(Gnuplot.quoted(row.name)) \(y)")
                let values = making.trials(of: row).filter(\.isDone).compactMap { trial -> Double? in
                    guard let value = TableMaking.value(column.quantity, of: trial), value.identity == way else {
                        return nil
                    }
                    return value.value
                }.sorted()
                dots += values.map { "\($0) \(y) \(index)" }
                guard let lowest = values.first, let highest = values.last else { continue }
                boxes.append(
                    "\(y) \(lowest) \(Self.quantile(values, 0.25)) \(Self.quantile(values, 0.5)) "
                        + "\(Self.quantile(values, 0.75)) \(highest) \(index)")
            }
            guard !dots.isEmpty else { continue }
            blocks.append("$b\(panel) << EOD\n\(boxes.joined(separator: "\n"))\nEOD")
            blocks.append("$d\(panel) << EOD\n\(dots.joined(separator: "\n"))\nEOD")
            panels.append(
                """
                set ytics (\(ticks.joined(separator: ", "))) noenhanced
                set yrange [0.4:\(Double(rows.count) + 0.6)]
                set xlabel \(Gnuplot.quoted(shown.heading)) noenhanced
                plot $b\(panel) using 2:1:($6-$2):(0) with vectors nohead lc rgb '#777777' lw 1 notitle, \\
                  $b\(panel) using 4:1:3:5:($1-0.28):($1+0.28) with boxxyerror fs solid 0.25 lc rgb '\(Self.colour(0))' lw 1 notitle, \\
                  $b\(panel) using 4:($1-0.28):(0):(0.56) with vectors nohead lc rgb '\(Self.colour(1))' lw 2.2 notitle, \\
                  $d\(panel) using 1:2 with points pt 7 ps 0.5 lc rgb '#222222' notitle
                """)
        }
        guard !panels.isEmpty else { return nil }
        let margin = min(34, 4 + (rows.map(\.name.count).max() ?? 0))
        return """
            \(blocks.joined(separator: "\n"))
            unset key
            set offsets graph 0.03, graph 0.03, 0, 0
            set multiplot layout \(panels.count),1 title \(Gnuplot.quoted(figure.title)) noenhanced font ',13' margins char \(margin), char 4, char 5, char 3 spacing char 0, char 5
            \(panels.joined(separator: Self.sayOnce))
            unset multiplot
            """
    }

    /// The quantile of sorted values by linear interpolation: Hyndman and Fan's type 7.
    static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let lower = Int(place.rounded(.down))
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
    }

    // MARK: Grids

    /// The rows that have any grid, each with its first trial that has.
    private var shown: [(row: TableRow, trial: RecordedTrial)] {
        rows.compactMap { row in
            making.trials(of: row).first { !$0.run.sampleSteps.isEmpty }.map { (row, $0) }
        }
    }

    /// Without the steps at which all rows show what they show at the step before: those beyond the end of a short budget.
    private func different(_ steps: [Int]) -> [Int] {
        func grids(at step: Int) -> [Int?] { shown.map { $0.trial.run.sampleSteps.last { $0 <= step } } }
        return steps.enumerated().filter { $0 == 0 || grids(at: $1) != grids(at: steps[$0 - 1]) }.map(\.element)
    }

    /// Of each grid, in pixels at a width of 205: the tallest one's.
    private var cellHeight: Int {
        let shares = shown.compactMap { item -> Double? in
            guard let step = item.trial.run.sampleSteps.first,
                let size = PNGSize(path: item.trial.run.folder.samplePath(step: step)),
                size.width > 0
            else { return nil }
            return Double(size.height) / Double(size.width)
        }
        return Int((205 * min(2, shares.max() ?? 1)).rounded())
    }

    private func grids(_ steps: [Int]) -> String? {
        let shown = shown
        guard !shown.isEmpty else { return nil }
        let (width, height) = (Double(size.width), Double(size.height))
        let cellHeight = Double(cellHeight)
        var parts: [String] = []
        for (line, item) in shown.enumerated() {
            let top = height - 60 - (cellHeight + 20) * Double(line)
            parts.append(
                "set label \(line + 1) \(Self.wrapped(item.row.name)) at screen \(8 / width),"
                    + "\((top - 15 - cellHeight / 2) / height) left noenhanced font ',10'")
            for (place, wanted) in steps.enumerated() {
                let isThere = item.trial.run.sampleSteps.last { $0 <= wanted }
                let title = isThere.map { "step \($0)" } ?? "no grid by step \(wanted)"
                let left = Double(labelWidth) + 220 * Double(place)
                parts.append(
                    """
                    set lmargin at screen \(left / width)
                    set rmargin at screen \((left + 205) / width)
                    set tmargin at screen \((top - 15) / height)
                    set bmargin at screen \((top - 15 - cellHeight) / height)
                    set title \(Gnuplot.quoted(title)) offset 0,-0.8 font ',9' noenhanced
                    """)
                if let isThere {
                    let path = item.trial.run.folder.samplePath(step: isThere)
                    parts.append("plot \(Gnuplot.quoted(path)) binary filetype=png with rgbimage notitle")
                } else {
                    parts.append("plot [0:1][0:1] NaN notitle")
                }
                if place == 0 { parts.append("unset label \(line + 1)\(line == 0 ? Self.sayOnce : "")") }
            }
        }
        return """
            unset border; unset tics; unset key; unset grid
            set size ratio -1
            set multiplot title \(Gnuplot.quoted(figure.title)) noenhanced font ',13'
            \(parts.joined(separator: "\n"))
            unset multiplot
            """
    }

    /// A long name as a string of several lines. The breaks alone stand in double quotes: in those, gnuplot would run
    /// what stands in backquotes.
    private static func wrapped(_ name: String) -> String {
        lines(name).map(Gnuplot.quoted).joined(separator: ".\"\\n\".")
    }

    private static func lines(_ name: String) -> [String] {
        var lines: [String] = [""]
        for word in name.split(separator: " ") {
            if lines[lines.count - 1].count + word.count > 20, !lines[lines.count - 1].isEmpty { lines.append("") }
            lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
        }
        return lines
    }
}
