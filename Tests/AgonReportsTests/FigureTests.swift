import AgonConfiguration
import AgonDatasets
import AgonTestSupport
import Foundation
import Testing

@testable import AgonReports

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct FigureTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func drawing(
        _ figure: String, _ change: (inout [SyntheticTrial]) -> Void = { _ in }
    ) throws -> FigureDrawing {
        var trials = TemporaryFolder.studyTrials
        change(&trials)
        let configuration = try TableConfiguration.read(TableConfiguration.text(#", "figures": [\#(figure)]"#))
        let recorded = try RecordedSweep(folder.sweep(trials)).trials
        return FigureDrawing(
            configuration.figures[0], making: configuration.making(recorded), table: configuration.table(recorded),
            footer: "agon table study · it's \"Example\"")
    }

    private static let curves = #"""
        {"name": "curves", "title": "Curves", "type": "curves", "metrics": ["metric.fid-lenet", "loss.generator"]}
        """#
    private static let boxes = #"""
        {"name": "boxes", "title": "Best of each seed", "type": "boxes", "columns": ["best", "minutes"]}
        """#
    private static let grids = #"{"name": "grids", "title": "Grids", "type": "grids", "steps": [100, 300, 999]}"#

    // MARK: What is drawn

    @Test func curvesAreMeanAndRangeOverSeeds() throws {
        let trials = try folder.study().filter { $0.settings[0].value.string == "small" }
        let way = FigureDrawing.usualIdentity(of: "metric.fid-lenet", trials)
        let points = FigureDrawing.points(of: "metric.fid-lenet", .step, trials, identity: way)
        #expect(points.map(\.x) == [100, 200, 300])
        #expect(points.map(\.mean) == [8, 14.0 / 3, 5])
        #expect(points.map(\.lowest) == [6, 2, 3])
        #expect(points.map(\.highest) == [9, 7, 8])
        let minutes = FigureDrawing.points(of: "metric.fid-lenet", .minutes, trials, identity: way)
        // A third of one, two and three minutes: two thirds of a minute in the mean.
        try #require(minutes.count == 3)
        for (point, expected) in zip(minutes, [2.0 / 3, 4.0 / 3, 2]) { #expect(abs(point.x - expected) < 1e-9) }
    }

    @Test func curvesOfOtherIdentitiesHaveNoPlaceOnTheSameAxis() throws {
        var synthetic = TemporaryFolder.studyTrials
        synthetic[0].identity = SyntheticTrial.identity(samples: 500)
        let trials = try RecordedSweep(folder.sweep(synthetic)).trials
        let way = try #require(FigureDrawing.usualIdentity(of: "metric.fid-lenet", trials))
        #expect(way.text.contains("1000 generated"))
        let points = FigureDrawing.points(of: "metric.fid-lenet", .step, Array(trials[0..<3]), identity: way)
        #expect(points.map(\.highest) == [9, 7, 8])
        #expect(points.map(\.lowest) == [6, 5, 4])
    }

    @Test func eachDatasetHasAPanel() throws {
        let text = try #require(
            try drawing(Self.curves) { trials in
                for index in trials.indices {
                    var identity = SyntheticTrial.identity().object ?? [:]
                    identity["dataset"] = index < 3 ? "ring" : "grid"
                    trials[index].identity = ConfigNode(identity)
                }
            }.svg)
        for title in ["metric.fid-lenet, ring", "metric.fid-lenet, grid", "loss.generator"] {
            #expect(text.contains(">\(title)</text>"), "\(title)")
        }
    }

    @Test func onlyStepsThatAllSeedsHaveAreDrawn() throws {
        var synthetic = TemporaryFolder.studyTrials
        synthetic[0].distances = [9, 2]
        let trials = try RecordedSweep(folder.sweep(synthetic)).trials
        let points = FigureDrawing.points(
            of: "loss.generator", .step, Array(trials[0..<3]), identity: nil)
        #expect(points.map(\.x) == [100, 200])
    }

    @Test func theBestSoFarNeverGetsWorse() throws {
        let trials = try folder.study().filter { $0.settings[0].value.string == "small" }
        let way = FigureDrawing.usualIdentity(of: "metric.fid-lenet", trials)
        let points = FigureDrawing.points(of: "metric.fid-lenet", .step, trials, identity: way, isBestSoFar: true)
        // Of 9, 2, 3 and 9, 5, 4 and 6, 7, 8.
        #expect(points.map(\.mean) == [8, 13.0 / 3, 4])
        #expect(points.map(\.lowest) == [6, 2, 2])
        #expect(points.map(\.highest) == [9, 6, 6])
    }

    @Test func quartilesInterpolate() {
        #expect(FigureDrawing.quantile([1, 2, 3, 4], 0.5) == 2.5)
        #expect(FigureDrawing.quantile([1, 2, 3, 4], 0.25) == 1.75)
        #expect(FigureDrawing.quantile([7], 0.75) == 7)
        #expect(FigureDrawing.quantile([1, 3], 1) == 3)
    }

    @Test func nothingToDrawIsNoFigure() throws {
        let none = { (trials: inout [SyntheticTrial]) in
            for index in trials.indices { trials[index].state = .failed }
        }
        #expect(try drawing(Self.curves, none).svg == nil)
        #expect(try drawing(Self.boxes, none).svg == nil)
        #expect(try drawing(Self.grids).svg == nil)
    }

    @Test(arguments: [curves, boxes]) func rowsWithoutCompletedTrialsAreNotNamed(figure: String) throws {
        let drawing = try drawing(figure) { trials in
            for index in 3..<6 { trials[index].state = .running }
        }
        let text = try #require(drawing.svg)
        #expect(text.contains(">small<") && !text.contains(">large<"))
    }

    // MARK: Files

    /// SVG that a strict reader takes, and a PNG of one and a half times its size.
    private func checkFiles(_ drawing: FigureDrawing, words: [String]) throws {
        let path = folder.path + "/figure"
        try FigureFiles.write(try #require(drawing.svg), to: path)
        let svg = try Data(contentsOf: URL(fileURLWithPath: path + ".svg"))
        #expect(XMLParser(data: svg).parse())
        let text = String(decoding: svg, as: UTF8.self)
        for word in words { #expect(text.contains(word), "\(word)") }
        #expect(text.contains("agon table study · it&#39;s &quot;Example&quot;"))
        #expect(!text.contains("<script") && !text.contains("var(--"))
        let png = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + ".png")))
        #expect(png.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        func number(_ place: Int) -> Double { Double(png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }) }
        func size(_ name: String) throws -> Double {
            let start = try #require(text.range(of: " \(name)=\"")).upperBound
            return try #require(Double(text[start...].prefix { $0 != "\"" }))
        }
        let (width, height) = (try size("width"), try size("height"))
        #expect(abs(number(16) - 1.5 * width) <= 1 && abs(number(20) - 1.5 * height) <= 1)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("partial") } == [])
    }

    @Test func curvesAreDrawn() throws {
        try checkFiles(drawing(Self.curves), words: ["Curves", "small", "large", "metric.fid-lenet", "loss.generator"])
    }

    @Test func boxesAreDrawn() throws {
        try checkFiles(
            drawing(Self.boxes),
            words: ["Best of each seed", "small", "large", "best fid-lenet", "minutes to best, min"])
    }

    @Test func gridsAreDrawn() throws {
        let drawing = try drawing(Self.grids) { trials in
            trials[0].samples = [100, 300]
            trials[3].samples = [200]
        }
        try checkFiles(drawing, words: ["small", "step 100", "step 300", "step 200", "no grid by step 100"])
    }

    /// A complete trial is drawn where there is one; the last grid of a stopped one is drawn once.
    @Test func gridsOfStoppedTrialsAreNotRepeated() throws {
        let drawing = try drawing(Self.grids) { trials in
            (trials[0].samples, trials[0].state) = ([100], .stopped)
            trials[1].samples = [100, 300]
            for index in 3...5 { trials[index].state = .stopped }
            trials[3].samples = [100]
        }
        try checkFiles(drawing, words: ["small", "step 300", "large", "not yet at step 300"])
        #expect(drawing.svg?.contains("no grid by step") == false)
    }

    @Test func faultsOfTheConverterAreItsOwnWords() {
        let message = message { try FigureFiles.write("<svg", to: folder.path + "/bad") }
        #expect(message.hasPrefix("rsvg-convert: ") && message.count > 20, "\(message)")
        #expect(!folder.holds("bad.png"))
    }

    // MARK: Charts of pages

    @Test func scalesHaveRoundTicks() {
        let scale = ChartScale([0, 2000], count: 5, tight: true)
        #expect(scale.ticks == [0, 500, 1000, 1500, 2000])
        #expect(scale.ticks.map(scale.text) == ["0", "500", "1000", "1500", "2000"])
        #expect(scale.place(0) == 0 && scale.place(2000) == 1 && scale.place(500) == 0.25)
        let long = ChartScale([0, 60000], count: 6, tight: true)
        #expect(long.ticks.map(long.text) == ["0", "10k", "20k", "30k", "40k", "50k", "60k"])
        let small = ChartScale([0.01, 0.02], count: 5)
        #expect(small.ticks.allSatisfy { $0 >= small.lower && $0 <= small.upper })
        let wide = ChartScale([0.001, 1000], count: 5)
        #expect(wide.isLogarithmic)
        #expect(abs(wide.place(1) - 0.5) < 1e-9)
        let narrow = ChartScale([12, 180], count: 5, isLogarithmic: true)
        #expect(narrow.ticks.map(narrow.text) == ["20", "50", "100"])
        #expect(!ChartScale([12, 100], count: 5, isLogarithmic: true).isLogarithmic)
        // One value, none, and NaN.
        #expect(ChartScale([5], count: 5).place(5) == 0.5)
        #expect(!ChartScale([], count: 5).ticks.isEmpty)
        #expect(ChartScale([.nan, 1, 2, .infinity], count: 5).upper < 3)
    }

    @Test func longCurvesKeepTheirSpikes() {
        let points = (0..<10_000).map { (x: Double($0), y: $0 == 7777 ? 100 : 1.0) }
        let thinned = Chart.thinned(points)
        #expect(thinned.count <= 480)
        #expect(thinned.contains { $0.y == 100 })
        #expect(zip(thinned, thinned.dropFirst()).allSatisfy { $0.x < $1.x })
        let smooth = Chart.smoothed((0..<100).map { (x: Double($0), y: $0 % 2 == 0 ? 1.0 : -1) })
        #expect(smooth?.count == 100)
        #expect(smooth?[50].y.magnitude ?? 1 < 0.3)
        #expect(Chart.smoothed([(0, 1)]) == nil)
        #expect(Chart.evenly(5, limit: 10) == [0, 1, 2, 3, 4])
        #expect(Chart.evenly(100, limit: 3) == [0, 49, 99])
    }

    /// Against the sum over each window, for lengths that leave blocks of all kinds.
    @Test(arguments: [60, 79, 80, 81, 200, 1001, 4000])
    func movingAveragesAreMeansOfWindows(count: Int) throws {
        let points = (0..<count).map { (x: Double($0), y: sin(Double($0 * $0))) }
        let smooth = try #require(Chart.smoothed(points))
        for index in points.indices {
            let near = min(count / 40, index, count - 1 - index)
            let window = points[(index - near)...(index + near)]
            #expect(abs(smooth[index].y - window.reduce(0) { $0 + $1.y } / Double(window.count)) < 1e-12)
        }
        // A spike leaves no rounding error in windows without it.
        var spiked = points
        spiked[count / 2].y = 1e30
        let after = try #require(Chart.smoothed(spiked))
        #expect(after[count - 1 - count / 40].y == smooth[count - 1 - count / 40].y)
    }

    @Test func oneSeriesKeepsNoMoreThanADrawingShows() {
        var points: [(x: Double, y: Double)] = []
        for index in 1...100_000 { points.append((Double(index), Double(index % 3))) }
        points[61_234].y = 50
        let series = Chart.Series(name: "loss", curve: points, isStacked: false)
        #expect(series.points.count <= 4002 && series.points.contains { $0.y == 50 })
        #expect(series.points.first?.x == 1 && series.points.last?.x == 100_000)
        #expect(series.average?.count ?? 0 > 100 && series.average?.count ?? 0 <= 480)
        let twice: [(x: Double, y: Double)] = points.map { (x: $0.x, y: 2 * $0.y) }
        let stacked = [points, twice].map { Chart.Series(name: "weight", curve: $0, isStacked: true) }
        #expect(stacked[0].points.map(\.x) == stacked[1].points.map(\.x) && stacked[0].points.count == 2000)
        let short = Chart.Series(name: "loss", curve: points.prefix(500), isStacked: false)
        #expect(short.points.count == 500 && short.average == nil)
    }

    @Test func imagesAreShrunkByMeans() {
        let shape = ImageShape(height: 2, width: 4, channels: 1)
        let small = EmbeddedImage.shrunk(Image(shape: shape, pixels: [0, 10, 100, 100, 20, 30, 100, 101]), by: 2)
        #expect(small.shape == ImageShape(height: 1, width: 2, channels: 1))
        #expect(small.pixels == [15, 100])
    }
}
