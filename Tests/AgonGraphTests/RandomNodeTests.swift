import AgonGraph
import AgonTensors
import Testing

/// Random numbers in graphs.
@Suite struct RandomNodeTests {
    private func draw(
        _ distribution: Distribution, shape: Shape = [3, 50], stream: String = "latent", seed: UInt64 = 1,
        index: Int = 0,
        threads: Int = 1
    ) throws -> [Float] {
        let graph = ComputeGraph()
        graph.output("numbers", graph.random(distribution, stream: stream, shape: shape))
        let step = try graph.compiled(threads: threads, seed: seed)
        step.run(index: index)
        return try step.values("numbers")
    }

    @Test(arguments: [
        Distribution.uniform(low: -1, high: 2), .normal(mean: 1, deviation: 3), .bernoulli(probability: 0.3, value: 2),
    ])
    func numbersDependOnSeedStreamAndIndexAlone(_ distribution: Distribution) throws {
        let numbers = try draw(distribution)
        #expect(try draw(distribution) == numbers)
        #expect(try draw(distribution, threads: 3) == numbers)
        #expect(try draw(distribution, index: 1) != numbers)
        #expect(try draw(distribution, seed: 2) != numbers)
        #expect(try draw(distribution, stream: "noise") != numbers)
    }

    /// A step that ran before draws what a fresh one would at that index: a run resumes where it stopped.
    @Test func aResumedStepDrawsTheSame() throws {
        let graph = ComputeGraph()
        graph.output("numbers", graph.random(.normal(mean: 0, deviation: 1), stream: "latent", shape: [7, 9]))
        let step = try graph.compiled(seed: 4)
        var drawn: [[Float]] = []
        for index in 0..<3 {
            step.run(index: index)
            drawn.append(try step.values("numbers"))
        }
        #expect(try draw(.normal(mean: 0, deviation: 1), shape: [7, 9], seed: 4, index: 2) == drawn[2])
        #expect(Set(drawn).count == 3)
    }

    /// The numbers are those of `RandomStream` for any block, piece and split of rows.
    @Test(arguments: [[33, 7] as Shape, [3, 1025], [1, 40_001], [2, 129, 3, 131], [5], []])
    func numbersAreTheStreams(_ shape: Shape) throws {
        let stream = RandomStream(seed: 9, purpose: "latent", step: 6)
        #expect(
            try draw(.normal(mean: 0.5, deviation: 2), shape: shape, seed: 9, index: 6, threads: 2)
                == stream.normal(count: shape.count, mean: 0.5, deviation: 2))
        #expect(
            try draw(.uniform(low: 1, high: 2), shape: shape, seed: 9, index: 6, threads: 2)
                == stream.uniform(count: shape.count, in: 1..<2))
    }

    /// Behind a product that is cut by columns, each piece draws parts of rows.
    @Test func noiseAddedToAProduct() throws {
        let graph = ComputeGraph()
        let product = graph.matmul(graph.input("a", shape: [3, 9]), graph.input("b", shape: [9, 1501]))
        let noise = graph.random(.normal(mean: 0, deviation: 1), stream: "noise", shape: product.shape)
        graph.output("noisy", graph.add(product, noise))
        try graph.expectAsReference(["a": uniform(27, seed: 1), "b": uniform(9 * 1501, seed: 2)], threads: 2, seed: 3)
    }

    /// A kept value is scaled up so that dropout keeps the mean; the mask of the backward pass is that of the forward.
    @Test func dropout() throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [100, 100])
        let mask = graph.random(.bernoulli(probability: 0.75, value: 4 / 3), stream: "dropout", shape: x.shape)
        let dropped = graph.multiply(x, mask)
        let gradient = try graph.gradients(of: graph.sum(dropped), withRespectTo: [x])[0]
        graph.output("dropped", dropped)
        graph.output("gradient", gradient)
        let step = try graph.compiled(threads: 2)
        step.run(["x": [Float](repeating: 1, count: 10_000)], index: 3)
        let (forward, backward) = (try step.values("dropped"), try step.values("gradient"))
        #expect(forward == backward)
        #expect(Set(forward) == [0, Float(4) / 3])
        // Five standard deviations of 10 000 draws.
        let kept = Float(forward.count { $0 > 0 }) / 10_000
        #expect(abs(kept - 0.75) < 5 * (0.75 * 0.25 / 10_000 as Float).squareRoot())
    }

    @Test func momentsOfNormalNumbers() throws {
        let graph = ComputeGraph()
        let x = graph.random(.normal(mean: -2, deviation: 0.5), stream: "latent", shape: [400, 500])
        let centered = graph.affine(x, scale: 2, offset: 4)
        for (name, power) in [
            ("mean", centered), ("square", graph.square(centered)), ("fourth", graph.square(graph.square(centered))),
        ] {
            graph.output(name, graph.mean(power))
        }
        let step = try graph.compiled(threads: 2)
        step.run(index: 11)
        let n = 200_000.0
        #expect(abs(Double(try step.values("mean")[0])) < 5 / n.squareRoot())
        #expect(abs(Double(try step.values("square")[0]) - 1) < 5 * (2 / n).squareRoot())
        #expect(abs(Double(try step.values("fourth")[0]) - 3) < 5 * (96 / n).squareRoot())
    }

    /// In a range in which every 33 000th number would round to the bound.
    @Test func theUpperBoundIsNotDrawn() throws {
        let graph = ComputeGraph()
        let x = graph.random(.uniform(low: 1000, high: 1001), stream: "range", shape: [1000, 1000])
        graph.output("reached", graph.sum(graph.apply(.step(threshold: Float(1001).nextDown), x)))
        graph.output(
            "below",
            graph.sum(graph.affine(graph.apply(.step(threshold: Float(1000).nextDown), x), scale: -1, offset: 1)))
        let step = try graph.compiled(threads: 2)
        for index in 0..<3 {
            step.run(index: index)
            #expect(try step.values("reached") == [0])
            #expect(try step.values("below") == [0])
        }
    }
}
