import AgonText
import Foundation

/// A chart of curves or of shares over time: in pages inline SVG with an HTML legend, so that text keeps its size
/// when the drawing is scaled; in figures a panel.
struct Chart {
    struct Series {
        let name: String
        /// In ascending order of x.
        let points: [(x: Double, y: Double)]
        /// The range over seeds at each point, drawn in a lighter tone.
        var band: [(lowest: Double, highest: Double)] = []
        /// The moving average of a curve of which `points` are a part.
        private(set) var average: [(x: Double, y: Double)]?
        fileprivate var colour: Markup = ""

        init(name: String, points: [(x: Double, y: Double)], band: [(lowest: Double, highest: Double)] = []) {
            (self.name, self.points, self.band) = (name, points, band)
        }

        /// A curve of any length, of which no more is kept than a drawing can show: extremes, and a moving average.
        ///
        /// - Parameter isStacked: whether the same places are kept of each curve, so that they can be stacked.
        init(name: String, curve: some RandomAccessCollection<(x: Double, y: Double)>, isStacked: Bool) {
            let most = 20_000
            guard curve.count > most, let first = curve.first, let last = curve.last else {
                self.init(name: name, points: Array(curve))
                return
            }
            let whole = Array(curve)
            if isStacked {
                self.init(name: name, points: Chart.evenly(whole.count, limit: most / 10).map { whole[$0] })
                return
            }
            var points = Chart.thinned(whole, limit: most / 5)
            if points[0].x > first.x { points.insert(first, at: 0) }
            if points[points.count - 1].x < last.x { points.append(last) }
            self.init(name: name, points: points)
            average = Chart.smoothed(whole).map { Chart.thinned($0) }
        }
    }

    enum Kind {
        case lines
        /// Stacked shares.
        case stack
    }

    var title: String
    var kind = Kind.lines
    var series: [Series]
    var abscissa = "step"
    /// A reference value, drawn as a horizontal line.
    var level: Double?
    /// Positions marked by vertical lines, such as alarms.
    var marks: [Double] = []
    /// A marked point.
    var spot: (x: Double, y: Double)?
    var note: String?
    /// In pixels.
    var size = (width: 380.0, height: 220.0)
    /// Whether the values are on a log scale; nil leaves it to their range.
    var isLogarithmic: Bool?

    var markup: Markup {
        let drawn = drawn
        guard !drawn.isEmpty else { return .empty }
        // A single curve needs no legend, only its last value.
        let isAlone = drawn.count == 1 && drawn[0].name == title
        let last = isAlone ? drawn[0].points.last.map { "last \(NumberText.brief($0.y))" } : nil
        let notes = [note, last].compactMap { $0 }.joined(separator: " · ")
        let legend = drawn.map { item -> Markup in
            let last = item.points.last.map { NumberText.brief($0.y) } ?? ""
            return "<li><i style=\"background:\(item.colour)\"></i>\(item.name)<b>\(last)</b></li>"
        }
        let list: Markup =
            "<ul class=\"legend\(drawn.count > 10 ? " many" : "")\">\(legend.joined(separator: ""))</ul>"
        return """
            <figure class="chart">
            <figcaption><h3>\(title)</h3>\(notes.isEmpty ? .empty : "<p>\(notes)</p>" as Markup)</figcaption>
            <svg viewBox="0 0 \(size.width) \(size.height)" role="img" \
            aria-label="\(title): \(drawn.map(\.name).joined(separator: ", ")) by \(abscissa)">
            \(drawing)
            </svg>
            \(isAlone ? .empty : list)
            </figure>
            """
    }

    /// A few series get distinct hues; of many, neighbours get similar ones.
    static func colour(_ index: Int, of count: Int) -> Markup {
        if count <= 8 { return "var(--c\(index))" }
        return "hsl(\(Double(index) * 300 / Double(count)) 62% 48%)"
    }

    /// The series that have points, each in the colour of its index among all.
    private var drawn: [Series] {
        series.enumerated().compactMap { index, item in
            var item = item
            item.colour = Self.colour(index, of: series.count)
            return item.points.isEmpty ? nil : item
        }
    }

    /// The chart without title and legend: the content of an SVG element of its size.
    var drawing: Markup {
        let drawn = drawn
        let xs = drawn.flatMap { $0.points.map(\.x) }
        // Time starts at zero, so that adjacent charts are comparable.
        let x = ChartScale(xs, count: 6, tight: true, including: (xs.min() ?? 0) > 0 ? 0 : nil)
        let y: ChartScale
        switch kind {
        case .lines:
            let ys = drawn.flatMap { item in item.points.map(\.y) + item.band.flatMap { [$0.lowest, $0.highest] } }
            y = ChartScale(ys, count: 5, including: level, isLogarithmic: isLogarithmic)
        case .stack: y = ChartScale([0] + totals(drawn), count: 4, tight: true, isLogarithmic: false)
        }
        let labels = y.ticks.map(y.text)
        let left = 10 + 7.2 * Double(labels.map(\.count).max() ?? 1)
        let (right, top, bottom) = (10.0, 8.0, 34.0)
        func px(_ value: Double) -> Double { left + x.place(value) * (size.width - left - right) }
        func py(_ value: Double) -> Double { size.height - bottom - y.place(value) * (size.height - top - bottom) }

        var parts: [Markup] = []
        for (tick, label) in zip(y.ticks, labels) {
            parts.append(
                """
                <line class="grid" x1="\(left)" x2="\(size.width - right)" y1="\(py(tick))" y2="\(py(tick))"/>\
                <text x="\(left - 6)" y="\(py(tick) + 4)" text-anchor="end">\(label)</text>
                """)
        }
        for tick in x.ticks {
            let label = x.text(tick)
            // The last label may not fit centred.
            let isAtEdge = px(tick) + 3.6 * Double(label.count) > size.width
            parts.append(
                """
                <text x="\(isAtEdge ? size.width : px(tick))" y="\(size.height - bottom + 16)" \
                text-anchor="\(isAtEdge ? "end" : "middle")">\(label)</text>
                """)
        }
        parts.append(
            "<text class=\"axis\" x=\"\(size.width - right)\" y=\"\(size.height - 3)\" text-anchor=\"end\">\(abscissa)</text>"
        )
        for mark in marks where mark >= x.lower && mark <= x.upper {
            parts.append(
                "<line class=\"mark\" x1=\"\(px(mark))\" x2=\"\(px(mark))\" y1=\"\(top)\" y2=\"\(size.height - bottom)\"/>"
            )
        }
        if let level {
            parts.append(
                "<line class=\"level\" x1=\"\(left)\" x2=\"\(size.width - right)\" y1=\"\(py(level))\" y2=\"\(py(level))\"/>"
            )
        }
        switch kind {
        case .lines: parts += drawn.map { line($0, drawn.count, px, py) }
        case .stack: parts += stack(drawn, px, py)
        }
        if let spot { parts.append("<circle class=\"spot\" cx=\"\(px(spot.x))\" cy=\"\(py(spot.y))\" r=\"4\"/>") }
        return parts.joined()
    }

    private func line(
        _ item: Series, _ count: Int, _ px: (Double) -> Double, _ py: (Double) -> Double
    ) -> Markup {
        var parts: [Markup] = []
        var points = item.points
        if item.band.count == points.count {
            func edge(_ value: ((lowest: Double, highest: Double)) -> Double) -> [(x: Double, y: Double)] {
                let edge = zip(points, item.band).map { (x: $0.x, y: value($1)) }
                return Self.thinned(Self.smoothed(edge) ?? edge, limit: 240)
            }
            if item.band.contains(where: { $0.lowest < $0.highest }) {
                let outline = edge(\.highest) + edge(\.lowest).reversed()
                let corners = outline.map { "\(px($0.x)),\(py($0.y))" as Markup }
                parts.append(
                    "<polygon class=\"band\" fill=\"\(item.colour)\" points=\"\(corners.joined(separator: " "))\"/>")
            }
            points = Self.smoothed(points) ?? points
        }
        let smooth = count <= 4 && item.band.isEmpty ? item.average ?? Self.smoothed(points) : nil
        func path(_ points: [(x: Double, y: Double)]) -> Markup {
            Self.thinned(points).map { "\(px($0.x)),\(py($0.y))" as Markup }.joined(separator: " ")
        }
        // Dots show where few values were measured; a single value has no line.
        if item.points.count <= 12 {
            parts += item.points.map { point in
                "<circle fill=\"\(item.colour)\" cx=\"\(px(point.x))\" cy=\"\(py(point.y))\" r=\"\(item.points.count == 1 ? 3 : 2)\"/>"
            }
        }
        parts.append(
            "<polyline class=\"\(smooth == nil ? (count > 8 ? "thin" : "curve") : "raw")\" stroke=\"\(item.colour)\" points=\"\(path(points))\"/>"
        )
        if let smooth {
            parts.append("<polyline class=\"curve\" stroke=\"\(item.colour)\" points=\"\(path(smooth))\"/>")
        }
        return parts.joined()
    }

    /// Areas stacked from the bottom, at the steps that all series have.
    private func stack(_ drawn: [Series], _ px: (Double) -> Double, _ py: (Double) -> Double) -> [Markup] {
        let count = drawn.map(\.points.count).min() ?? 0
        let places = Self.evenly(count, limit: 200)
        var base = [Double](repeating: 0, count: places.count)
        return drawn.map { item in
            let top = zip(places, base).map { $1 + item.points[$0].y }
            let upper = zip(places, top).map { "\(px(item.points[$0].x)),\(py($1))" as Markup }
            let lower = zip(places, base).reversed().map { "\(px(item.points[$0].x)),\(py($1))" as Markup }
            base = top
            return
                "<polygon class=\"area\" fill=\"\(item.colour)\" points=\"\((upper + lower).joined(separator: " "))\"/>"
        }
    }

    private func totals(_ drawn: [Series]) -> [Double] {
        let count = drawn.map(\.points.count).min() ?? 0
        return (0..<count).map { place in drawn.reduce(0) { $0 + $1.points[place].y } }
    }

    // MARK: Many points

    /// Whether a curve of so many points is shown with its moving average.
    static func isSmoothed(_ count: Int) -> Bool { count >= 60 }

    /// Moving averages for noisy curves; nil if there are few points. The window is shorter at the ends.
    ///
    /// The time grows with the points alone: a window that covers a whole block of points is summed from the parts of
    /// two blocks. Nothing is ever subtracted from a sum, so a spike leaves no error behind.
    static func smoothed(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)]? {
        guard isSmoothed(points.count) else { return nil }
        let (count, reach) = (points.count, points.count / 40)
        let width = 2 * reach + 1
        // Sums from the start of a point's block, and to its end.
        var (heads, tails) = (points.map(\.y), points.map(\.y))
        for index in 1..<count where index % width != 0 { heads[index] += heads[index - 1] }
        for index in (0..<count - 1).reversed() where (index + 1) % width != 0 { tails[index] += tails[index + 1] }
        var smooth = points
        for index in reach..<(count - reach) {
            let (first, last) = (index - reach, index + reach)
            let sum = first % width == 0 ? heads[last] : tails[first] + heads[last]
            smooth[index].y = sum / Double(width)
        }
        var (head, tail) = (0.0, 0.0)
        for index in 0..<reach {
            head += index == 0 ? points[0].y : points[2 * index - 1].y + points[2 * index].y
            smooth[index].y = head / Double(2 * index + 1)
            let end = count - 1
            tail += index == 0 ? points[end].y : points[end - 2 * index + 1].y + points[end - 2 * index].y
            smooth[end - index].y = tail / Double(2 * index + 1)
        }
        return smooth
    }

    /// At most `limit` points: the lowest and the highest of each interval, so that no spike is lost.
    static func thinned(_ points: [(x: Double, y: Double)], limit: Int = 480) -> [(x: Double, y: Double)] {
        guard points.count > limit else { return points }
        let stretches = limit / 2
        var kept: [(x: Double, y: Double)] = []
        for stretch in 0..<stretches {
            let range = (stretch * points.count / stretches)..<((stretch + 1) * points.count / stretches)
            guard var lowest = range.first else { continue }
            var highest = lowest
            for index in range {
                if points[index].y < points[lowest].y { lowest = index }
                if points[index].y >= points[highest].y { highest = index }
            }
            kept.append(points[min(lowest, highest)])
            if lowest != highest { kept.append(points[max(lowest, highest)]) }
        }
        return kept
    }

    /// At most `limit` of the indices below `count`, including the first and the last.
    static func evenly(_ count: Int, limit: Int) -> [Int] {
        guard count > limit, limit > 1 else { return Array(0..<count) }
        return (0..<limit).map { $0 * (count - 1) / (limit - 1) }
    }
}
