import AgonGraph
import AgonTensors
import Testing

/// The weights of the shortest convex combination.
@Suite struct MinimumNormWeightsTests {
    private func weights(_ gram: [Float], _ count: Int, threads: Int = 1) throws -> [Float] {
        let graph = ComputeGraph()
        graph.output("weights", graph.minimumNormWeights(graph.input("gram", shape: [count, count])))
        let step = try graph.compiled(threads: threads)
        step.run(["gram": gram])
        return try step.values("weights")
    }

    @Test func smallCases() throws {
        let table: [(gram: [Float], weights: [Float])] = [
            ([7], [1]),
            // At a right angle: inversely to the squared lengths.
            ([1, 0, 0, 1], [0.5, 0.5]), ([4, 0, 0, 1], [0.2, 0.8]),
            // Against one another: the weights of the origin.
            ([1, -3, -3, 9], [0.75, 0.25]),
            // The second lies behind the first.
            ([1, 2, 2, 5], [1, 0]),
            // The third is the sum of the others, at a right angle and equally long.
            ([1, 0, 1, 0, 1, 1, 1, 1, 2], [0.5, 0.5, 0]),
            ([0, 0, 0, 0], [1, 0]),
        ]
        for (gram, expected) in table {
            let found = try weights(gram, expected.count)
            try #require(found.count == expected.count)
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-6, "\(gram): \(found)") }
        }
    }

    @Test(arguments: [2, 3, 8, 24])
    func agreesWithThePointItself(count: Int) throws {
        let vectors = (0..<count).map { vector in
            uniform(40, seed: UInt64(vector)).map { $0 + (vector % 3 == 0 ? 0.3 : 0.05) }
        }
        let gram = vectors.flatMap { a in vectors.map { b in zip(a, b).reduce(Float(0)) { $0 + $1.0 * $1.1 } } }
        let expected = MinimumNormPoint(gram: gram.map(Double.init), count: count).weights.map { Float($0) }
        #expect(expected.count { $0 > 0 } > 1)
        for threads in [1, 3] { #expect(try weights(gram, count, threads: threads) == expected) }
    }

    /// A non-finite loss makes the weights non-finite, but only while it lasts.
    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func nonFiniteProducts(_ value: Float) throws {
        let graph = ComputeGraph()
        graph.output("weights", graph.minimumNormWeights(graph.input("gram", shape: [2, 2])))
        let step = try graph.compiled()
        step.run(["gram": [1, value, value, 1]])
        #expect(try step.values("weights").allSatisfy(\.isNaN))
        step.run(["gram": [1, 0, 0, 1]])
        #expect(try step.values("weights") == [0.5, 0.5])
    }

    /// Losses `‖x - c_k‖²` of a hidden layer's weight: the combined gradient is the shortest one, the weights count as
    /// numbers, and the bits do not depend on the threads.
    @Test func descentAlongTheCombinedGradient() throws {
        let (count, inner, outer) = (5, 30, 40)
        var expected: [String: [Float]] = [:]
        for threads in [1, 2, 3] {
            let weight = Variable(name: "weight", shape: [inner, outer], role: .parameter)
            weight.values = uniform(inner * outer, seed: 1)
            let graph = ComputeGraph()
            let hidden = graph.apply(.tanh, graph.matmul(graph.input("x", shape: [8, inner]), graph.read(weight)))
            let losses = (0..<count).map { index in
                let centre = graph.input("c\(index)", shape: [outer])
                return graph.mean(graph.square(graph.subtract(hidden, centre)))
            }
            let gradients = try losses.map { try graph.gradients(of: $0, withRespectTo: [graph.read(weight)]) }
            let weights = graph.minimumNormWeights(graph.gram(gradients))
            let terms = losses.enumerated().map { index, loss in
                graph.multiply(graph.reshape(graph.slice(weights, axis: 0, start: index, count: 1), []), loss)
            }
            let loss = terms.dropFirst().reduce(terms[0]) { graph.add($0, $1) }
            let combined = try graph.gradients(of: loss, withRespectTo: [graph.read(weight)])[0]
            graph.output("combined", combined)
            graph.output("weights", weights)
            for (index, gradient) in gradients.enumerated() { graph.output("gradient\(index)", gradient[0]) }
            graph.update(weight, gradient: combined, rule: PlainDescent(rate: 0.1))
            let step = try graph.compiled(threads: threads)
            var inputs = ["x": uniform(8 * inner, seed: 2)]
            for index in 0..<count { inputs["c\(index)"] = uniform(outer, seed: UInt64(3 + index)) }
            step.run(inputs)
            let (w, d) = (try step.values("weights"), try step.values("combined"))
            let parts = try (0..<count).map { try step.values("gradient\($0)") }
            #expect(abs(w.reduce(0, +) - 1) < 1e-6)
            expectClose(
                d, (0..<d.count).map { at in zip(w, parts).reduce(0) { $0 + Double($1.0) * Double($1.1[at]) } },
                "weighted gradients", floor: 0)
            // Optimal: along the combined gradient every loss falls, and those with a weight fall equally.
            let slopes = parts.map { part in zip(part, d).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
            let norm = d.reduce(0.0) { $0 + Double($1) * Double($1) }
            try #require(slopes.count == w.count)
            for (slope, weight) in zip(slopes, w) {
                #expect(slope > norm * (1 - 1e-4))
                if weight > 1e-3 { #expect(slope < norm * (1 + 1e-4)) }
            }
            var found = ["moved": weight.values]
            for name in step.outputNames { found[name] = try step.values(name) }
            if threads == 1 { expected = found }
            #expect(found == expected, "\(threads) threads")
        }
    }
}
