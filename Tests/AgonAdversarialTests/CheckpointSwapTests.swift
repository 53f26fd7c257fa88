import AgonGraph
import Testing

@testable import AgonAdversarial

@Suite struct CheckpointSwapTests {
    /// A generator whose only number counts the iterations that its weights were trained for.
    @Test func olderWeightsComeBackForAFewIterations() throws {
        let gan = try game(
            #"{"objective": "gan", "optimizer": "sgd", "latent": {"size": 3}, "batchSize": 2}"#
        ).gan
        let past = PastWeights(CheckpointSwap(network: .generator, every: 10, iterations: 3), of: gan)
        let bias = try #require(gan.generators[0].variables.first { $0.name == "generator.0.bias" })
        let other = gan.discriminators[0].variables[0].values
        bias.values = [0, 0]
        var seen: [Float] = []
        for iteration in 0..<30 {
            past.prepare(iteration: iteration)
            seen.append(bias.values[0])
            bias.values[0] += 1
        }
        // Ten iterations, three of the initial weights, seven more; then three of those kept at 10.
        let expected = Array(0..<10) + [0, 1, 2] + Array(10..<17) + [10, 11, 12] + Array(17..<24)
        #expect(seen == expected.map { Float($0) })
        #expect(gan.discriminators[0].variables[0].values == other)
        #expect(past.copies.allSatisfy { $0.role == .loopState && $0.name.hasPrefix("past.generator.") })
    }

    @Test func averagesOfOlderWeightsDoNotReachThoseOfTheNewest() throws {
        let gan = try game(
            #"""
            {"objective": "gan", "optimizer": "sgd", "latent": {"size": 3}, "batchSize": 2,
             "tricks": {"averaging": {}}}
            """#
        ).gan
        let past = PastWeights(CheckpointSwap(network: .generator, every: 10, iterations: 3), of: gan)
        let average = try #require(gan.sides[0].average?.variables.first { $0.name.hasSuffix(".bias") })
        average.values = [0, 0]
        for iteration in 0..<13 {
            past.prepare(iteration: iteration)
            average.values[0] += 1
        }
        #expect(average.values[0] == 3)
        past.withNewest(after: 13) { #expect(average.values[0] == 10) }
        past.prepare(iteration: 13)
        #expect(average.values[0] == 10)
    }
}
