import AgonGraph
import AgonTensors
import Testing

/// Products of vectors with one another.
@Suite struct GramTests {
    private func gram(_ vectors: [[Float]], threads: Int = 1) throws -> [Float] {
        let graph = ComputeGraph()
        let inputs = vectors.indices.map { graph.input("\($0)", shape: [vectors[$0].count]) }
        graph.output("gram", graph.append(.gram, inputs))
        let step = try graph.compiled(threads: threads)
        step.run(Dictionary(uniqueKeysWithValues: vectors.enumerated().map { ("\($0)", $1) }))
        return try step.values("gram")
    }

    @Test func smallProducts() throws {
        #expect(try gram([[1, 2, 3]]) == [14])
        #expect(try gram([[1, 2], [3, -4]]) == [5, -5, -5, 25])
        #expect(
            try gram([[2, 0, 0, 0, 1], [0, 3, 0, 0, 1], [0, 0, 4, 0, -1]])
                == [5, 1, -1, 1, 10, -1, -1, -1, 17])
    }

    /// Tiles that stick out beyond the last vector, blocks and pieces that are not full.
    @Test(arguments: [1, 2, 3, 4, 5, 8, 9], [1, 3, 4, 255, 257, 16385])
    func sizes(count: Int, elements: Int) throws {
        let vectors = (0..<count).map { uniform(elements, seed: UInt64($0)) }
        let found = try gram(vectors, threads: 2)
        let doubles = vectors.map { $0.map(Double.init) }
        for row in 0..<count {
            for column in 0..<count {
                let expected = zip(doubles[row], doubles[column]).reduce(0) { $0 + $1.0 * $1.1 }
                let magnitude = zip(doubles[row], doubles[column]).reduce(0) { $0 + abs($1.0 * $1.1) }
                // Four sums of 64 products in single precision a block; blocks in double.
                #expect(abs(Double(found[row * count + column]) - expected) < 5e-7 * magnitude)
                #expect(found[row * count + column] == found[column * count + row])
            }
        }
    }

    /// One sum in single precision would lose a part in a thousand.
    @Test func longSumsKeepTheirPrecision() throws {
        let number: Float = 0.1
        let found = try gram([[Float](repeating: number, count: 1_000_000), [Float](repeating: 1, count: 1_000_000)])
        try #require(found.count == 4)
        for (value, expected) in zip(found, [Double(number * number), Double(number), Double(number), 1]) {
            #expect(abs(Double(value) / (expected * 1e6) - 1) < 1e-6)
        }
    }

    /// The vectors are read where they lie, and parts are added up.
    @Test func vectorsOfSeveralPartsAreNotCopied() throws {
        let graph = ComputeGraph()
        let shapes: [Shape] = [[200, 300], [300], [3, 3, 20, 10], []]
        var inputs: [String: [Float]] = [:]
        let vectors = (0..<3).map { vector in
            shapes.enumerated().map { part, shape in
                inputs["\(vector) \(part)"] = uniform(shape.count, seed: UInt64(10 * vector + part))
                return graph.input("\(vector) \(part)", shape: shape)
            }
        }
        graph.output("gram", graph.gram(vectors))
        let step = try graph.compiled(threads: 2)
        try step.expectAsReference(graph, inputs)
        #expect(step.plan.activations < 200 * 300 * 4)
        #expect(step.floatingPointOperations >= 3 * 4 * shapes.reduce(0) { $0 + $1.count })
    }

    @Test func anyNumberOfThreadsGivesTheSameBits() throws {
        let vectors = (0..<6).map { uniform(140_001, seed: UInt64($0)) }
        let expected = try gram(vectors)
        for threads in [2, 3, 5] { #expect(try gram(vectors, threads: threads) == expected) }
    }
}
