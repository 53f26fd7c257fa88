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
            agon models, classifiers by agon classifier list.

            EXAMPLES
              agon configs
              agon configs --sweeps
              agon run gan/mlp
            """)

    @Flag(help: "List sweeps instead.")
    var sweeps = false

    func run() throws {
        let folder = sweeps ? "Configs/sweeps" : "Configs"
        var table = TextTable([sweeps ? "sweep" : "config", "description"])
        for name in ProjectFiles.configNames(in: folder) {
            let node = try ConfigNode.load(path: ProjectFiles.config(name, in: folder))
            let system = ["source", "form"].compactMap { node["system"]?[$0]?.string }.joined(separator: ", ")
            table.add([name, node["description"]?.string ?? system])
        }
        print(table.text)
    }
}
