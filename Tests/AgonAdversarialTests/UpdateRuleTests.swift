import AgonAdversarial
import AgonGraph
import Testing

@Suite struct UpdateRuleTests {
    private func phases(_ rule: String, objective: String = "gan", updates: String? = nil) throws -> [IterationPhase] {
        let stated = updates.map { ", \"updates\": \($0)" } ?? ""
        return try game(
            """
            {"objective": "\(objective)", "optimizer": "adam", "latent": {"size": 3}\(stated),
             "tricks": {"updateRule": \(rule)}}
            """
        ).phases()
    }

    @Test func aNetworkWithABoundIsUpdatedUntilItsLossIsLower() throws {
        let both = try phases(#"{"discriminatorAbove": 0.6, "generatorAbove": 2, "limit": 7}"#)
        #expect(both.map(\.name) == ["generator", "discriminator"])
        #expect(
            both.map(\.schedule) == [
                .until(loss: "loss.generator", atMost: 2, limit: 7),
                .until(loss: "loss.discriminator", atMost: 0.6, limit: 7),
            ])
        for phase in both {
            guard case .until(let loss, _, _) = phase.schedule else { continue }
            #expect(phase.graph.outputs.contains { $0.name == loss && $0.value.shape.count == 1 })
        }
    }

    @Test func theOtherKeepsItsNumberOfUpdates() throws {
        let critic = try phases(#"{"generatorAbove": 2}"#, objective: "wgan")
        #expect(critic.map(\.name) == ["discriminator", "generator"])
        #expect(critic.map(\.schedule) == [.repeated(5), .until(loss: "loss.generator", atMost: 2, limit: 5)])
        let stated = try phases(#"{"discriminatorAbove": 1}"#, updates: #"{"generator": 3}"#)
        #expect(stated.map(\.schedule) == [.repeated(3), .until(loss: "loss.discriminator", atMost: 1, limit: 5)])
    }
}
