import AgonGraph
import AgonTensors
import AgonTestFiles
import Testing

/// Compiled steps against the reference on random graphs: fusion, work done again, sums in passing, memory that changes
/// hands, tasks on several threads. Each graph runs several times on new inputs, so that values left from the run
/// before show.
@Suite struct FusionTests {
    @Test(arguments: 0..<600)
    func randomGraphsKeepTheirValues(seed: Int) throws {
        var choice = SplitMix64(seed: UInt64(seed) &+ 0xf00d)
        let shapes: [Shape] = [
            [2, 3, 2, 5], [1, 4, 3, 2], [3, 2, 4, 1], [2, 1, 3, 4], [2, 5, 1, 3], [4, 3], [5, 1], [1, 7], [6],
        ]
        try check(
            seed, shapes[choice.below(shapes.count)], operations: 8 + choice.below(40),
            differentiated: choice.below(3) == 0, threads: 1 + choice.below(3), runs: 3)
    }

    /// More than one block of 512 elements, and rows longer than a block.
    @Test(arguments: [
        [7, 6, 5, 13] as Shape, [3, 2, 2, 600], [40, 37], [3, 1030], [2000], [1, 700], [300, 1], [2, 31, 17, 3],
    ])
    func severalBlocks(_ shape: Shape) throws {
        for seed in 0..<3 {
            try check(1000 + seed, shape, operations: 25, differentiated: seed % 2 == 0, threads: 2, runs: 2)
        }
    }

    /// More than one piece of 32768 elements, by rows, by samples and along a single row.
    @Test(arguments: [[9, 16, 16, 16] as Shape, [70, 500], [1, 40_000], [34_000]])
    func severalPieces(_ shape: Shape) throws {
        try check(2000, shape, operations: 14, differentiated: true, threads: 3, runs: 1)
    }

    /// A product of few long rows is cut by columns: what needs a whole row or sample does not ride on it.
    @Test(arguments: [[4, 500] as Shape, [2, 700]])
    func wholeRowsOfAProductCutByColumns(_ shape: Shape) throws {
        let graph = ComputeGraph()
        let weight = graph.input("weight", shape: [shape[1], 3000])
        let product = graph.apply(.tanh, graph.matmul(graph.input("x", shape: shape), weight))
        graph.output("y", product)
        graph.output("samples", graph.sum(graph.square(product), to: [shape[0], 1]))
        graph.output("largest", graph.append(.rowMaximum, [product]))
        graph.output("channels", graph.sum(product, to: [3000]))
        graph.output("sum", graph.sum(product))
        let step = try graph.compiled(threads: 2)
        step.run([
            "x": uniform(shape.count, seed: 1), "weight": uniform(shape[1] * 3000, in: -0.1..<0.1, seed: 2),
        ])
        let rows = try step.values("y").map(Double.init)
        let samples = (0..<shape[0]).map { rows[$0 * 3000..<($0 + 1) * 3000] }
        expectClose(try step.values("samples"), samples.map { $0.reduce(0) { $0 + $1 * $1 } })
        expectClose(try step.values("largest"), samples.map { $0.max() ?? 0 }, tolerance: 0)
        expectClose(
            try step.values("channels"),
            (0..<3000).map { column in samples.reduce(0) { $0 + $1[$1.startIndex + column] } })
        expectClose(try step.values("sum"), [rows.reduce(0, +)], floor: Double(rows.count).squareRoot())
    }

    private func check(
        _ seed: Int, _ shape: Shape, operations: Int, differentiated: Bool, threads: Int, runs: Int
    ) throws {
        let random = try RandomGraph(
            seed: UInt64(seed), full: shape, operations: operations, differentiated: differentiated)
        let step = try random.graph.compiled(threads: threads, seed: UInt64(seed))
        for run in 0..<runs {
            try step.expectAsReference(
                random.graph, random.inputs(run: run), seed: UInt64(seed), index: run, tolerance: 5e-5,
                floor: 1, "seed \(seed), \(shape), run \(run):")
        }
    }
}
