import AgonConfiguration
import AgonSampling
import AgonText
import ArgumentParser
import Foundation

struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "List the trained generators that come with Agon.",
        discussion: """
            agon sample and agon export take their names instead of a run. They were
            made by agon export --model. Descriptions are cut to the width of the
            terminal.

            EXAMPLES
              agon models
              agon sample quickstart --count 64 --out samples.png
              agon export quickstart --onnx generator.onnx
            """)

    @Flag(help: "Print full descriptions without cutting lines.")
    var full = false

    func run() throws {
        var table = TextTable(["model", "step", "size", "description"])
        for model in SamplingModel.all {
            let checkpoint = try model.newestCheckpoint { _ in }
            let size = checkpoint.flatMap { try? FileManager.default.attributesOfItem(atPath: $0.path)[.size] as? Int }
            table.add([
                SamplingModel.name(model), checkpoint.map { "\($0.step)" } ?? "",
                size.map(SizeText.short) ?? "",
                try ConfigNode.load(path: model.configPath)["description"]?.string ?? "",
            ])
        }
        print(table.text(width: full ? nil : TerminalSize.listWidth))
    }
}
