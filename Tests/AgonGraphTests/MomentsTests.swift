import AgonGraph
import AgonTensors
import Testing

/// Means and variances of channels whose mean is far from zero.
@Suite struct MomentsTests {
    /// Numbers with the given mean and a deviation of about 1.
    private func numbers(_ shape: Shape, mean: Float, seed: UInt64) -> [Float] {
        RandomStream(seed: seed, purpose: "moments").normal(count: shape.count, mean: mean, deviation: 1)
    }

    /// The variance to a few roundings, however far the mean is: sums of squares would be off by mean² roundings.
    @Test(
        arguments: [
            [64, 3, 5, 7] as Shape, [40_000, 3], [7, 600], [3, 11, 13, 520], [70, 1], [1, 9],
        ], [0, 30, -1000] as [Float])
    func varianceOfAShiftedChannel(_ shape: Shape, mean: Float) throws {
        let graph = ComputeGraph()
        let x = graph.input("x", shape: shape)
        let found = graph.moments(x)
        graph.output("mean", found.mean)
        graph.output("variance", found.variance)
        let step = try graph.compiled(threads: 2)
        let values = numbers(shape, mean: mean, seed: 1)
        step.run(["x": values])
        let reference = Reference(graph, inputs: ["x": values.map(Double.init)])
        expectClose(try step.values("mean"), reference[found.mean], "mean", tolerance: 5e-7, floor: 1)
        expectClose(try step.values("variance"), reference[found.variance], "variance", tolerance: 2e-6)
    }

    /// Of values that the same pass makes, and of a product in pieces of rows or of columns.
    @Test(arguments: [[600, 20] as Shape, [20, 900]])
    func momentsOfWhatAPassMakes(_ shape: Shape) throws {
        let graph = ComputeGraph()
        let (x, weight) = (graph.input("x", shape: [shape[0], 8]), graph.input("weight", shape: [8, shape[1]]))
        let product = graph.matmul(x, weight)
        let shifted = graph.affine(product, scale: 0.5, offset: 200)
        let noisy = graph.add(graph.square(product), graph.input("bias", shape: [shape[1]]))
        for (name, value) in [("product", product), ("shifted", shifted), ("noisy", noisy)] {
            let (mean, variance) = graph.moments(value)
            graph.output("mean of \(name)", mean)
            graph.output("variance of \(name)", variance)
        }
        // The product's memory changes hands while its moments are taken.
        graph.output("normalised", graph.apply(.tanh, product))
        try graph.expectAsReference(
            [
                "x": uniform(shape[0] * 8, seed: 1), "weight": uniform(8 * shape[1], seed: 2),
                "bias": uniform(shape[1], in: 40..<60, seed: 3),
            ], threads: 3)
    }

    /// Statistics of each sample and channel, as of instance norm, and of each sample, as of layer norm. Sums of many
    /// pixels in single precision would be off by a percent.
    @Test(arguments: [[2, 1, 1, 3] as Shape, [2, 1, 1, 1]])
    func momentsOfManyPixels(of target: Shape) throws {
        let shape: Shape = [2, 96, 171, 3]
        let graph = ComputeGraph()
        let x = graph.input("x", shape: shape)
        let (mean, variance) = graph.moments(x, to: target)
        graph.output("mean", mean)
        graph.output("variance", variance)
        let step = try graph.compiled(threads: 2)
        var values = numbers(shape, mean: 10.3, seed: 3)
        for index in values.indices where target[3] == 3 && index % 3 == 1 { values[index] = 1.1 }
        step.run(["x": values])
        let reference = Reference(graph, inputs: ["x": values.map(Double.init)])
        expectClose(try step.values("mean"), reference[mean], "mean", tolerance: 1e-6)
        expectClose(try step.values("variance"), reference[variance], "variance", tolerance: 1e-5, floor: 1e-6)
        if target[3] == 3 { #expect(try step.values("variance")[1].magnitude < 1e-9) }
    }

    @Test func aConstantChannelHasNoVariance() throws {
        let graph = ComputeGraph()
        let (mean, variance) = graph.moments(graph.input("x", shape: [1000, 3]))
        graph.output("mean", mean)
        graph.output("variance", variance)
        let step = try graph.compiled()
        step.run(["x": (0..<3000).map { [0.1, -3.3, 1e20][$0 % 3] }])
        #expect(try step.values("mean") == [0.1, -3.3, 1e20])
        #expect(try step.values("variance") == [0, 0, 0])
    }

    @Test func nonFiniteValuesPropagate() throws {
        for place in [0, 2, 5] {
            let graph = ComputeGraph()
            let (mean, variance) = graph.moments(graph.input("x", shape: [4, 2]))
            graph.output("mean", mean)
            graph.output("variance", variance)
            let step = try graph.compiled()
            var values: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
            values[place] = .nan
            step.run(["x": values])
            for name in ["mean", "variance"] {
                #expect(try step.values(name).map(\.isNaN) == [place % 2 == 0, place % 2 == 1], "\(name)")
            }
        }
    }
}
