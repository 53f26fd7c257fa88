import AgonConfiguration
import AgonTensors
import AgonText
import ArgumentParser

struct ConfigsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "configs", abstract: "List the configs and sweeps that come with Agon.",
        discussion: """
            agon run, inspect and benchmark take the names of configs; agon sweep
            takes those of sweeps. Tables are listed by agon table --list, models by
            agon models, classifiers by agon classifier list. Descriptions are cut to
            the width of the terminal.

            EXAMPLES
              agon configs
              agon configs --sweeps --full
              agon run gan/mlp
            """)

    @Flag(help: "List sweeps instead.")
    var sweeps = false
    @Flag(help: "Print full descriptions without cutting lines.")
    var full = false

    func run() throws {
        let folder = sweeps ? "Configs/sweeps" : "Configs"
        var table = TextTable([sweeps ? "sweep" : "config", "description"])
        for name in ProjectFiles.configNames(in: folder) {
            let node = try ConfigNode.load(path: ProjectFiles.config(name, in: folder))
            // A config states which system it follows, a sweep its purpose.
            let system = ["source", "form"].compactMap { node["system"]?[$0]?.string }.joined(separator: ", ")
            table.add([name, node["description"]?.string ?? system])
        }
        print(table.text(width: full ? nil : TerminalSize.listWidth))
    }
}
