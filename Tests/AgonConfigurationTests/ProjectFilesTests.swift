import AgonConfiguration
import AgonTestFiles
import Foundation
import Testing

@Suite struct ProjectFilesTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
        try temporary.write("{}", to: "Configs/own/mine.json")
        try FileManager.default.createDirectory(atPath: folder + "/deep/er", withIntermediateDirectories: true)
    }

    @Test func theNearestPlaceIsFirst() throws {
        let places = ProjectFiles.places(of: "Configs", workingFolder: folder + "/deep/er")
        #expect(places.first == folder + "/Configs")
        // The folder that the tests were built in has one too.
        #expect(places.count >= 2)
        #expect(ProjectFiles.places(of: "Configs", workingFolder: folder) { $0.hasSuffix("deep/er/Configs") } == [])
    }

    @Test func configsAreFoundByShortNames() throws {
        func config(_ name: String, from place: String = "/deep/er") -> String {
            ProjectFiles.config(name, in: "Configs", workingFolder: folder + place)
        }
        #expect(config("own/mine") == folder + "/Configs/own/mine.json")
        #expect(config("Configs/own/mine.json") == folder + "/Configs/own/mine.json")
        #expect(config("own/mine.json", from: "") == "Configs/own/mine.json")
        #expect(config("gan/mlp").hasSuffix("/Configs/gan/mlp.json"))
        // Folders, files that exist as named, and unknown names are left to the reader.
        #expect(config("own") == "own" && config("") == "" && config("no/such") == "no/such")
        let path = folder + "/Configs/own/mine.json"
        #expect(config(path) == path)
        func message(_ name: String) -> String {
            do {
                return try ProjectFiles.existingConfig(
                    name, in: "Configs", noun: "config", listing: "agon configs", workingFolder: folder)
            } catch { return "\(error)" }
        }
        let unknown = "cannot be read: no such file, and no config of this name comes with Agon."
        #expect(message("own/mine") == "Configs/own/mine.json" && message(path + "x") == path + "x")
        #expect(message("own/nine") == "own/nine: \(unknown) Did you mean 'own/mine'? List them with: agon configs")
        #expect(message("Configs/own/mien.json").contains("Did you mean 'own/mine'?"))
        #expect(message("mine").contains("Did you mean 'own/mine'?"))
        #expect(message("gan/mlq").contains("Did you mean 'gan/mlp'?"))
        #expect(message("nothing-like-it") == "nothing-like-it: \(unknown) List them with: agon configs")
        let names = ProjectFiles.configNames(in: "Configs", workingFolder: folder)
        #expect(names.contains("own/mine") && names.contains("quickstart") && names.contains("gan/mlp"))
        #expect(!names.contains { $0.hasPrefix("base/") || $0.hasPrefix("sweeps/") || $0.hasSuffix("schema") })
    }
}
