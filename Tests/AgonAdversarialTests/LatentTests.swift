import AgonAdversarial
import AgonGraph
import AgonTensors
import Testing

@Suite struct LatentTests {
    /// With the variance of a number, and the standard deviation of its square, which bounds the variance that is
    /// found.
    private static let distributions: [(kind: LatentConfiguration.Kind, variance: Double, deviationOfSquares: Double)] =
        [
            (.normal, 1, 2.0.squareRoot()), (.uniform, 1.0 / 3, (4.0 / 45).squareRoot()), (.sphere, 1, 0),
        ]

    @Test(arguments: distributions.indices) func momentsAreThoseOfTheDistribution(index: Int) throws {
        let (kind, variance, deviationOfSquares) = Self.distributions[index]
        let latent = LatentConfiguration(size: 50, distribution: kind)
        let graph = ComputeGraph()
        graph.output("z", latent.draw(200, stream: "latent", in: graph))
        let running = try RunningGraph(graph)
        running.run()
        let first = try running.values("z")
        running.run()
        #expect(try running.values("z") != first)
        for values in [first, latent.values(200, from: RandomStream(seed: 1, purpose: "grid"))] {
            let numbers = values.map(Double.init)
            try #require(numbers.count == 10_000)
            // Five standard errors of 10000 draws. On the sphere the squares have a mean of 1 but for rounding.
            #expect(abs(numbers.mean) < 5 * (variance / 10_000).squareRoot())
            let found = numbers.map { $0 * $0 }.mean
            #expect(abs(found - variance) < 5 * deviationOfSquares / 100 + 1e-6, "\(found)")
            if kind == .uniform { #expect(values.allSatisfy { (-1..<1).contains($0) }) }
        }
    }

    @Test func allDistributionsAreTested() {
        #expect(Set(Self.distributions.map(\.kind)) == Set(LatentConfiguration.Kind.allCases))
    }

    @Test func vectorsOfTheSphereHaveTheLengthOfTheRootOfTheirSize() throws {
        let latent = LatentConfiguration(size: 50, distribution: .sphere)
        let graph = ComputeGraph()
        graph.output("z", latent.draw(200, stream: "latent", in: graph))
        let running = try RunningGraph(graph)
        running.run()
        for values in [try running.values("z"), latent.values(200, from: RandomStream(seed: 1, purpose: "grid"))] {
            try #require(values.count == 10_000)
            let squares = (0..<200).map { row in
                values[50 * row..<50 * row + 50].reduce(0) { $0 + Double($1) * Double($1) }
            }
            // A few roundings in single precision.
            #expect(squares.allSatisfy { abs($0 - 50) < 50 * 1e-6 }, "\(squares)")
            // Drawn on its own, not in one direction: a vector is nearly orthogonal to the next.
            let product = (0..<50).reduce(0) { $0 + Double(values[$1]) * Double(values[50 + $1]) } / 50
            #expect(abs(product) < 5 / 50.0.squareRoot())
        }
    }

    @Test func sampledImagesUseRunningStatistics() throws {
        let generator = try network("generator", #"[{"type": "linear", "features": 2}, "batchNorm"]"#, input: [3])
        let (means, variances) = ([1.0, -1], [4, 0.25])
        for (suffix, numbers) in [("running_mean", means), ("running_var", variances)] {
            let statistic = try #require(generator.statistics.first { $0.name.hasSuffix(suffix) })
            statistic.values = numbers.map { Float($0) }
        }
        let z = rows(5, 3, "z")
        func sample(_ z: [Float]) throws -> [Float] {
            let running = try RunningGraph(samplingGraph(generator, count: z.count / 3))
            running.run(["latent": z])
            return try running.values("images")
        }
        let samples = try sample(z.flat)
        // A sample does not depend on its neighbours.
        #expect(try Array(samples[0..<2]) == sample(Array(z.flat[0..<3])))
        // The norm's weight is 1, its bias 0, its epsilon 1e-5.
        let (weight, bias) = (generator.variables[0], generator.variables[1])
        try #require(weight.shape == [3, 2] && bias.shape == [2])
        let expected = z.rows.flatMap { z in
            (0..<2).map { column -> Float in
                let features = (0..<3).reduce(Double(bias.values[column])) {
                    $0 + z[$1] * Double(weight.values[2 * $1 + column])
                }
                return Float((features - means[column]) / (variances[column] + 1e-5).squareRoot())
            }
        }
        expectClose(samples, expected, within: 1e-6, "samples")
    }
}
