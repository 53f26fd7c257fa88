import AgonAdversarial
import AgonGraph
import AgonTensors
import Testing

@Suite struct LatentTests {
    @Test(arguments: LatentConfiguration.Kind.allCases) func momentsAreThoseOfTheDistribution(
        kind: LatentConfiguration.Kind
    ) throws {
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
            let variance = numbers.map { $0 * $0 }.mean - numbers.mean * numbers.mean
            // Five standard errors of 10000 draws.
            #expect(abs(numbers.mean) < 0.05)
            #expect(abs(variance - (kind == .uniform ? 1.0 / 3 : 1)) < 0.08)
            if kind == .uniform { #expect(values.allSatisfy { (-1..<1).contains($0) }) }
        }
    }

    @Test func sampledImagesUseRunningStatistics() throws {
        let generator = try network("generator", #"[{"type": "linear", "features": 2}, "batchNorm"]"#, input: [3])
        for variable in generator.statistics where variable.name.hasSuffix("running_mean") {
            variable.values = [1, -1]
        }
        let z = rows(5, 3, "z").flat
        func sample(_ z: [Float]) throws -> [Float] {
            let running = try RunningGraph(samplingGraph(generator, count: z.count / 3))
            running.run(["latent": z])
            return try running.values("images")
        }
        // A sample does not depend on its neighbours.
        #expect(try Array(sample(z)[0..<2]) == sample(Array(z[0..<3])))
    }
}
