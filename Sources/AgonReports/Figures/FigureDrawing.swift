import AgonExperiments
import AgonRuns
import Foundation

/// A figure as an SVG document of its own, drawn like the charts of pages.
struct FigureDrawing {
    private let figure: TableFigure
    private let making: TableMaking
    private let table: ResultTable
    /// The rows with completed trials. A name without a curve or box would only take a colour.
    private let rows: [TableRow]
    /// The figure's provenance, in its corner.
    private let footer: String

    init(_ figure: TableFigure, making: TableMaking, table: ResultTable, footer: String) {
        self.figure = figure
        self.making = making
        self.table = table
        self.footer = footer
        rows = making.rows.filter { figure.shows($0) && making.trials(of: $0).contains(where: \.isDone) }
    }

    /// Width in pixels of the longest row name, beside curves and boxes.
    private var nameWidth: Double { 7.6 * Double(rows.map(\.name.count).max() ?? 0) }

    /// Width in pixels of the names beside grids.
    private var labelWidth: Int { 24 + 8 * (shown.flatMap { Self.lines($0.row.name).map(\.count) }.max() ?? 0) }

    private static let (top, bottom) = (44.0, 24.0)

    /// The document; nil if there is nothing to draw.
    var svg: String? {
        let drawn: (width: Double, height: Double, content: [Markup])
        switch figure.kind {
        case .curves(let metrics, let abscissa, let isLogarithmic, let isBestSoFar):
            drawn = curves(metrics, abscissa, isLogarithmic: isLogarithmic, isBestSoFar: isBestSoFar)
        case .boxes(let columns): drawn = boxes(columns)
        case .reevaluations(let reevaluations): drawn = boxes(of: reevaluations)
        case .grids(let steps): drawn = grids(different(steps))
        }
        guard !drawn.content.isEmpty else { return nil }
        let (width, height) = (drawn.width, Self.top + drawn.height + Self.bottom)
        // Images come last and contain no CSS colours.
        let frame: Markup = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
            font-family="Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif">
            <style>
            \(PageStyle.chart)
            svg .title{font-size:18px;fill:var(--ink)}svg .name{font-size:13px;fill:var(--ink)}svg .note{font-size:10px}
            svg .box{fill-opacity:.3;stroke-width:1.2}
            </style>
            <rect width="100%" height="100%" fill="var(--ground)"/>
            <text class="title" x="\(width / 2)" y="26" text-anchor="middle">\(figure.title)</text>
            <text class="note" x="\(width - 8)" y="\(height - 8)" text-anchor="end">\(footer)</text>
            """
        return ([frame] + drawn.content).map(PageStyle.standalone).joined(separator: "\n") + "\n</svg>\n"
    }

    private static func moved(_ x: Double, _ y: Double, _ content: Markup) -> Markup {
        "<g transform=\"translate(\(x) \(y))\">\(content)</g>"
    }

    // MARK: Curves

    private func curves(
        _ metrics: [String], _ abscissa: FigureKind.Abscissa, isLogarithmic: Bool, isBestSoFar: Bool
    ) -> (Double, Double, [Markup]) {
        let (width, height, heading) = (680.0, 270.0, 20.0)
        let members = rows.map { making.trials(of: $0).filter(\.isDone) }
        var panels: [Markup] = []
        for (metric, way, name) in metrics.flatMap({ Self.panels(of: $0, members) }) {
            let series = zip(rows, members).map { row, trials in
                let points = Self.points(of: metric, abscissa, trials, identity: way, isBestSoFar: isBestSoFar)
                return Chart.Series(
                    name: row.name, points: points.map { ($0.x, $0.mean) }, band: points.map { ($0.lowest, $0.highest) }
                )
            }
            guard series.contains(where: { !$0.points.isEmpty }) else { continue }
            let title = name + (isBestSoFar ? ", best so far" : "")
            var chart = Chart(title: title, series: series, abscissa: Self.label(abscissa))
            chart.size = (width, height)
            chart.isLogarithmic = isLogarithmic
            panels.append(
                Self.moved(
                    10, Self.top + Double(panels.count) * (height + heading + 10),
                    "<text class=\"name\" x=\"10\" y=\"12\">\(title)</text>\(Self.moved(0, heading, chart.drawing))"))
        }
        guard !panels.isEmpty else { return (0, 0, []) }
        let all = Double(panels.count) * (height + heading + 10)
        let first = Self.top + max(heading, all / 2 - 10 * Double(rows.count))
        for (index, row) in rows.enumerated() {
            let y = first + 20 * Double(index)
            panels.append(
                """
                <rect x="\(width + 20)" y="\(y)" width="16" height="4" fill="\(Chart.colour(index, of: rows.count))"/>\
                <text class="name" x="\(width + 42)" y="\(y + 6)">\(row.name)</text>
                """)
        }
        return (width + 54 + nameWidth, max(all, 20 * Double(rows.count)), panels)
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

    /// The panels of a metric: one for the most frequent identity of the values of each dataset, since values of
    /// different data do not share an axis.
    private static func panels(
        of metric: String, _ rows: [[RecordedTrial]]
    ) -> [(metric: String, way: EvaluationIdentity?, name: String)] {
        let sets = rows.flatMap(\.self).grouped { trial in
            trial.run.values(of: metric).first?.identity?.node["dataset"]?.string ?? ""
        }.filter { $0.members.contains { !$0.run.values(of: metric).isEmpty } }
        return sets.map { set in
            (metric, usualIdentity(of: metric, set.members), sets.count > 1 ? "\(metric), \(set.key)" : metric)
        }
    }

    /// The most frequent identity of a metric's values. Values of other identities do not share its axis.
    static func usualIdentity(of metric: String, _ trials: [RecordedTrial]) -> EvaluationIdentity? {
        let ways = trials.compactMap { $0.run.values(of: metric).first }.map(\.identity).grouped(by: \.self)
        let highest = ways.map(\.members.count).max()
        return ways.first { $0.members.count == highest }?.key
    }

    /// Mean and range over trials at steps where all have a value; minutes are averaged.
    static func points(
        of metric: String, _ abscissa: FigureKind.Abscissa, _ trials: [RecordedTrial], identity: EvaluationIdentity?,
        isBestSoFar: Bool = false
    ) -> [CurvePoint] {
        let curves = trials.map { trial in
            let values = trial.run.values(of: metric).filter { $0.identity == identity }
            return isBestSoFar ? bestSoFar(values, goal: MetricGoal.usual(for: metric)) : values
        }.filter { !$0.isEmpty }
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

    /// The same steps with the best value up to each.
    private static func bestSoFar(_ values: [MeasuredValue], goal: MetricGoal) -> [MeasuredValue] {
        var best: Double?
        return values.map { value in
            let here = best.map { goal.isBetter(value.value, than: $0) ? value.value : $0 } ?? value.value
            best = here
            return MeasuredValue(step: value.step, value: here, identity: value.identity)
        }
    }

    // MARK: Boxes

    private func boxes(_ keys: [String]) -> (Double, Double, [Markup]) {
        boxes(
            keys.compactMap { key in
                guard let column = making.columns.first(where: { $0.key == key }),
                    let shown = table.columns.first(where: { $0.key == key })
                else { return nil }
                // Only values of the most frequent identity share an axis.
                let way = shown.identities.first ?? nil
                let values = rows.map { row in
                    making.trials(of: row).filter(\.isDone).compactMap { trial -> Double? in
                        let value = TableMaking.value(column.quantity, of: trial)
                        return value?.identity == way ? value?.value : nil
                    }
                }
                return (shown.heading, values)
            })
    }

    private func boxes(of reevaluations: Reevaluations) -> (Double, Double, [Markup]) {
        let values = rows.map { reevaluations.values(of: making.trials(of: $0)) }
        return boxes([(reevaluations.heading(values), values)])
    }

    /// Panels of horizontal boxes, so that row names stay readable: median, quartiles, range, and a dot per value.
    ///
    /// - Parameter panels: the heading of each, and the values of each row.
    private func boxes(_ panels: [(heading: String, values: [[Double]])]) -> (Double, Double, [Markup]) {
        let (width, line, heading, foot) = (900.0, 26.0, 26.0, 34.0)
        let height = heading + line * Double(rows.count) + foot
        let left = min(360, 20 + nameWidth)
        var drawn: [Markup] = []
        for panel in panels where panel.values.contains(where: { !$0.isEmpty }) {
            let scale = ChartScale(panel.values.flatMap(\.self), count: 7, isLogarithmic: false)
            func px(_ value: Double) -> Double { left + scale.place(value) * (width - left - 24) }
            let floor = heading + line * Double(rows.count)
            var parts: [Markup] = ["<text class=\"name\" x=\"\(left)\" y=\"14\">\(panel.heading)</text>"]
            parts += scale.ticks.map { tick in
                """
                <line class="grid" x1="\(px(tick))" x2="\(px(tick))" y1="\(heading)" y2="\(floor)"/>\
                <text x="\(px(tick))" y="\(floor + 16)" text-anchor="middle">\(scale.text(tick))</text>
                """
            }
            for (index, row) in rows.enumerated() {
                let y = heading + line * (Double(index) + 0.5)
                parts.append(
                    "<text class=\"name\" x=\"\(left - 10)\" y=\"\(y + 4)\" text-anchor=\"end\">\(row.name)</text>")
                parts.append(Self.box(panel.values[index].sorted().map(px), y))
            }
            drawn.append(Self.moved(0, Self.top + Double(drawn.count) * height, parts.joined()))
        }
        return (width, Double(drawn.count) * height, drawn)
    }

    /// A box over sorted positions.
    private static func box(_ places: [Double], _ y: Double) -> Markup {
        guard let lowest = places.first, let highest = places.last else { return .empty }
        let (lower, middle, upper) = (quantile(places, 0.25), quantile(places, 0.5), quantile(places, 0.75))
        let dots = places.map { "<circle cx=\"\($0)\" cy=\"\(y)\" r=\"2.5\" fill=\"var(--ink)\"/>" as Markup }
        return """
            <line x1="\(lowest)" x2="\(highest)" y1="\(y)" y2="\(y)" stroke="var(--soft)"/>
            <rect class="box" x="\(lower)" y="\(y - 8)" width="\(upper - lower)" height="16" fill="var(--c0)" stroke="var(--c0)"/>
            <line x1="\(middle)" x2="\(middle)" y1="\(y - 8)" y2="\(y + 8)" stroke="var(--c1)" stroke-width="2.2"/>
            \(dots.joined(separator: ""))
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

    /// The rows with grids, each with its first complete trial, or else with the first that has a grid.
    private var shown: [(row: TableRow, trial: RecordedTrial)] {
        making.rows.filter(figure.shows).compactMap { row in
            let drawn = making.trials(of: row).filter { !$0.run.sampleSteps.isEmpty }
            return (drawn.first(where: \.isDone) ?? drawn.first).map { (row, $0) }
        }
    }

    /// Drops steps at which every row repeats its previous grid, as happens beyond the end of a short budget.
    private func different(_ steps: [Int]) -> [Int] {
        func grids(at step: Int) -> [Int?] { shown.map { $0.trial.run.sampleSteps.last { $0 <= step } } }
        return steps.enumerated().filter { $0 == 0 || grids(at: $1) != grids(at: steps[$0 - 1]) }.map(\.element)
    }

    /// Height in pixels of the tallest grid at a width of 205.
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

    private func grids(_ steps: [Int]) -> (Double, Double, [Markup]) {
        let shown = shown
        let height = Double(cellHeight)
        var parts: [Markup] = []
        for (line, item) in shown.enumerated() {
            let top = Self.top + (height + 22) * Double(line)
            let words = Self.lines(item.row.name)
            for (index, text) in words.enumerated() {
                let y = top + 15 + height / 2 + 15 * (Double(index) - Double(words.count - 1) / 2)
                parts.append("<text class=\"name\" x=\"10\" y=\"\(y)\">\(text)</text>")
            }
            var former: Int?
            for (place, wanted) in steps.enumerated() {
                let left = Double(labelWidth) + 220 * Double(place)
                let last = item.trial.run.sampleSteps.last { $0 <= wanted }
                // The last grid of a shorter training stands for later steps; that of an incomplete one does not.
                let step = last == former && !item.trial.isDone ? nil : last
                former = last
                let title =
                    step.map { "step \($0)" }
                    ?? (last == nil ? "no grid by step \(wanted)" : "not yet at step \(wanted)")
                parts.append("<text x=\"\(left + 102.5)\" y=\"\(top + 11)\" text-anchor=\"middle\">\(title)</text>")
                let path = item.trial.run.folder.samplePath(step: step ?? 0)
                guard step != nil, let image = EmbeddedImage(path: path, bytes: 1 << 20, side: 820) else { continue }
                parts.append(
                    """
                    <image x="\(left)" y="\(top + 17)" width="205" height="\(height)" \
                    preserveAspectRatio="xMidYMin" href="\(image.source)"/>
                    """)
            }
        }
        let width = Double(max(640, labelWidth + 10 + 220 * steps.count))
        return (width, (height + 22) * Double(shown.count), parts)
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
