import AgonConfiguration
import AgonDiagnostics
import AgonExperiments
import ArgumentParser

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show an experiment's layers, parameters, FLOPs and planned memory.",
        discussion: """
            Builds and compiles everything as for a run, but does not train. Stages
            follow one another; in JSON they are a list.

            EXAMPLES
              agon inspect Configs/selfgan/mlp.json
              agon inspect Configs/selfgan/dcgan.json --set batchSize=256 --json
              agon inspect Configs/gas/original.json --part discriminator
            """)

    @OptionGroup var config: ConfigOptions
    @Option(help: "Show only a forward pass of the generator or of the first discriminator.")
    var part: Part?
    @Flag(help: "Print JSON, sizes in bytes.")
    var json = false
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var data: DataOptions

    enum Part: String, ExpressibleByArgument, CaseIterable {
        case generator, discriminator
    }

    func run() throws {
        let experiment = try Experiment.load(path: config.path(), overrides: config.overrides)
        let stages = experiment.allStages
        let first = try Inspection(experiment, searchPath: data.searchPath, threads: threads.count)
        if let part {
            let pass = part == .generator ? first.generatorPass : first.discriminatorPass
            print(json ? pass.node.prettyText : pass.text + "\n", terminator: "")
            return
        }
        let inspections = try stages.enumerated().map { index, stage in
            index == 0
                ? first
                : try Inspection(
                    stage.experiment, searchPath: data.searchPath, threads: threads.count,
                    program: first.memory.program)
        }
        if json {
            let node = stages.count == 1 ? first.node : ["stages": ConfigNode(inspections.map(\.node))]
            print(node.prettyText, terminator: "")
            return
        }
        for (stage, inspection) in zip(stages, inspections) {
            if stages.count > 1 { print("stage of steps \(stage.start + 1) to \(stage.end)") }
            print(inspection.text)
        }
    }
}
