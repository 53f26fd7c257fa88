import AgonAdversarial
import AgonGraph
import AgonTensors
import Testing

/// A penalty that is computed only in every k-th update. Its values are compared with PyTorch's in `TrajectoryTests`.
@Suite struct LazyPenaltyTests {
    private func setting(_ penalty: String?, objective: String = #""hinge""#, more: String = "") throws
        -> AdversarialSetting
    {
        let penalty = penalty.map { "\"penalty\": \($0), " } ?? ""
        return try game(
            """
            {"objective": \(objective), \(penalty)\(more)"optimizer": "adam", "batchSize": 4, "latent": {"size": 3}}
            """, discriminators: [#"[{"type": "linear", "features": 5}, "tanh", {"type": "linear", "features": 1}]"#])
    }

    private func work(_ graph: ComputeGraph) throws -> Int {
        try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 1).floatingPointOperations
    }

    @Test(arguments: ["r1", "gradient-penalty", "dragan"])
    func updatesBetweenDoNotComputeThePenalty(penalty: String) throws {
        let lazy = try setting(#"{"type": "\#(penalty)", "every": 4}"#).phases()
        let always = try setting("\"\(penalty)\"").phases()
        let never = try setting(nil).phases()
        #expect(lazy.count == 1 && always[0].between == nil && never[0].between == nil)
        let between = try #require(lazy[0].between)
        #expect(between.every == 4)
        // Besides a few operations on scalars, for the factor and the log.
        #expect(try abs(work(between.graph) - work(never[0].graph)) < 10)
        #expect(try abs(work(lazy[0].graph) - work(always[0].graph)) < 10)
        #expect(try work(lazy[0].graph) > work(between.graph) + 100)
        #expect(Set(between.graph.outputs.map(\.name)) == Set(lazy[0].graph.outputs.map(\.name)))
    }

    @Test(arguments: [
        (#""hinge""#, ""), (#""lsgan""#, #""updates": {"discriminator": 3}, "#),
        (#"{"type": "selfgan", "shards": 2}"#, ""), (#""gan""#, #""tricks": {"replay": {}}, "#),
    ])
    func bothGraphsKeepTheirStateInTheSameVariables(objective: String, more: String) throws {
        let phase = try #require(
            try setting(#"{"type": "r1", "every": 2}"#, objective: objective, more: more).phases()
                .first { $0.between != nil })
        func variables(_ graph: ComputeGraph) -> [VariableID] {
            (graph.variables + graph.updateRules.flatMap(\.states)).map(\.id)
        }
        let between = try #require(phase.between)
        #expect(Set(variables(phase.graph)) == Set(variables(between.graph)))
        #expect(variables(phase.graph).count > 10)
    }

    @Test func everyOneIsTheUsualPenalty() throws {
        #expect(try setting(#"{"type": "r1", "every": 1}"#).phases()[0].between == nil)
    }
}
