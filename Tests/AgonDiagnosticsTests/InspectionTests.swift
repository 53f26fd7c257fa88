import AgonDatasets
import AgonExperiments
import AgonTestSupport
import Testing

@testable import AgonDiagnostics

@Suite struct InspectionTests {
    @Test func sizesFollowFromTheConfig() throws {
        let inspection = try Inspection(
            TinyExperiment.load(), searchPath: TinyExperiment.options("/nowhere").searchPath, threads: 1)
        // 4 x 16 + 16, batch norm 2 x 16, 16 x 2 + 2; 2 x 16 + 16, 16 + 1.
        #expect(inspection.networks.map(\.parameterCount) == [146, 65])
        #expect(inspection.memory.parameters == 4 * (146 + 65))
        #expect(inspection.memory.statistics == 4 * 32)
        #expect(inspection.memory.optimizerState == 2 * inspection.memory.parameters)
        #expect(inspection.memory.loopState == 4 * 8 * 2)
        #expect(inspection.sampleCount == 200)
        #expect(inspection.phases.map(\.name) == ["step"])
        #expect(inspection.text.contains("generator.1  batchNorm"))
        #expect(inspection.node["memory"]?["parameters"]?.integer == 844)
    }

    @Test func theWorkOfALazyPenaltysGraphsIsOfARunAndOnAverage() throws {
        let inspection = try Inspection(
            TinyExperiment.load(#"penalty={"type": "r1", "every": 4}"#),
            searchPath: TinyExperiment.options("/nowhere").searchPath, threads: 1)
        let phases = inspection.phases
        #expect(phases.map(\.name) == ["step, 1 in 4", "step, 3 in 4"] && phases.map(\.share) == [0.25, 0.75])
        #expect(phases[0].operationsPerRun > phases[1].operationsPerRun)
        #expect(phases[0].floatingPointOperations == phases[0].operationsPerRun / 4)
        let line = try #require(inspection.text.split(separator: "\n").first { $0.contains("1 in 4") })
        #expect(line.hasSuffix(" a step on average") && line.contains(" GFLOP when it runs, "), "\(line)")
    }

    /// What a pass of the discriminator takes is that of a graph of its own: no gradients, no optimizer.
    @Test func aNetworkIsInspectedByItself() throws {
        let inspection = try Inspection(
            TinyExperiment.load(), searchPath: TinyExperiment.options("/nowhere").searchPath, threads: 1)
        let pass = inspection.discriminatorPass
        #expect(pass.network.name == "discriminator" && pass.batchSize == 8)
        #expect(pass.parameters == 4 * 65 && pass.statistics == 0)
        #expect(pass.floatingPointOperations >= 8 * 2 * (2 * 16 + 16))
        // The input at least, and less than what the whole step keeps.
        #expect(pass.activations >= 4 * 8 * 2 && pass.activations < inspection.memory.activations)
        #expect(pass.total == pass.parameters + pass.activations + pass.workspace)
        #expect(pass.text.contains("one forward pass alone, batch 8"))
        #expect(pass.node["memory"]?["total"]?.integer == pass.total)
        #expect(inspection.generatorPass.network.name == "generator")
    }

    /// The published sizes are of these discriminators; each number is worked out from the description of its layers.
    @Test(arguments: [
        ("original", 389_761), ("inception-32", 241_521), ("depthwise-inception", 205_633),
        // As run there is no batch norm outside the depthwise blocks, and no reduction before the 3x3 convolutions.
        ("original-as-run", 388_865), ("inception-32-as-run", 216_705),
    ])
    func discriminatorsOfGASHaveTheirParameters(config: String, count: Int) throws {
        let experiment = try Experiment.load(path: projectFolder + "/Configs/gas/\(config).json")
        let networks = try ExperimentNetworks(experiment)
        #expect(networks.gan.discriminators[0].parameterCount == count)
    }

    /// The channels of a known set follow from its kind and transforms, so that plans need no data.
    @Test(arguments: [
        ("mnist", "[]", 1), ("mnist", #"["rgb"]"#, 3), ("cifar10", "[]", 3), ("cifar10", #"["grayscale"]"#, 1),
    ])
    func channelsOfMissingDataAreKnown(name: String, transforms: String, channels: Int) throws {
        let size = #"{"type": "resize", "size": 32, "fit": "stretch"}"#
        let list = transforms == "[]" ? "[\(size)]" : transforms.dropLast() + ", \(size)]"
        let experiment = try Experiment.load(
            path: projectFolder + "/Configs/gan/dcgan.json",
            overrides: [#"dataset={"name": "\#(name)", "transforms": \#(list)}"#])
        let empty = DataSearchPath(roots: [], manifestFolders: [projectFolder + "/Datasets"], fetchFolder: "/nowhere")
        let inspection = try Inspection(experiment, searchPath: empty, threads: 1)
        #expect(inspection.datasetBytes == nil)
        #expect(inspection.networks[0].layers.last?.outputShape == [32, 32, channels])
    }

    @Test func numbersAreGrouped() {
        #expect(Inspection.megabytes(1_500_000) == "1.50")
    }
}
