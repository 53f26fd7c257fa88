import AgonConfiguration
import AgonTestFiles
import Foundation
import Testing

@Suite struct ConfigFileTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: temporary.file("sub"), withIntermediateDirectories: false)
    }

    func write(_ name: String, _ text: String) throws { try temporary.write(text, to: name) }

    func load(_ name: String) throws -> ConfigNode { try ConfigNode.load(path: "\(folder)/\(name)") }

    @Test func childrenGoOverTheirBasesAndValuesKeepTheirFiles() throws {
        try write("base.json", #"{"a": {"x": 1, "y": [1, 2]},\#n"b": 2, "c": 3}"#)
        try write("more.json", #"{"b": 20, "d": 4}"#)
        try write(
            "sub/child.json",
            #"{\#n"extends": ["../base.json", "../more.json"],\#n"a": {"y": [3], "z": 5}, "$schema": "s"}"#)
        let node = try load("sub/child.json")
        #expect(node == ["a": ["x": 1, "y": [3], "z": 5], "b": 20, "c": 3, "d": 4])
        #expect(node["a"]?["x"]?.source == ConfigSource(file: "\(folder)/base.json", line: 1, column: 13))
        #expect(node["a"]?["y"]?.source.description == "\(folder)/sub/child.json:3")
        #expect(node["b"]?.source.description == "\(folder)/more.json:1")
        #expect(node["c"]?.source.description == "\(folder)/base.json:2")
    }

    @Test func configsThatComeWithAgonMayBeExtendedByTheirNames() throws {
        try write("child.json", #"{"extends": "gan/mlp", "steps": 3}"#)
        let node = try load("child.json")
        #expect(node["steps"] == 3)
        let named = try ConfigNode.load(path: projectFolder + "/Configs/gan/mlp.json")
        #expect(node["objective"] != nil && node["objective"] == named["objective"])
        // A file that exists goes first.
        try FileManager.default.createDirectory(atPath: "\(folder)/gan", withIntermediateDirectories: false)
        try write("gan/mlp", #"{"own": 1}"#)
        #expect(try load("child.json") == ["own": 1, "steps": 3])
        try write("lost.json", #"{"extends": "gan/none"}"#)
        #expect(message { try load("lost.json") }.contains("extends: '\(folder)/gan/none' cannot be read"))
        try write("misspelt.json", #"{"extends": "hinge/facade-64"}"#)
        #expect(message { try load("misspelt.json") }.hasSuffix("no such file. Did you mean 'hinge/facades-64'?"))
    }

    @Test func errorsInAMergedConfigNameTheFileThatStatesThem() throws {
        try write("base.json", #"{"discriminator": {"layers": ["flatten"],\#n"norn": 1}}"#)
        try write("child.json", #"{"extends": "base.json", "steps": 3}"#)
        let node = try load("child.json")
        #expect(
            message { try ConfigReader.decode(SampleRun.self, from: node) }
                == "\(folder)/base.json:2: discriminator.norn: unknown key. Did you mean 'norm'?")
    }

    @Test func anotherTypeReplacesTheObject() throws {
        try write(
            "base.json",
            #"{"o": {"type": "adam", "beta": 1, "rate": 2}, "p": "adam", "q": {"type": "adam"}}"#)
        try write(
            "same.json", #"{"extends": "base.json", "o": {"type": "adam", "rate": 3}, "p": {"beta": 4}}"#)
        try write(
            "other.json",
            #"{"extends": "base.json", "o": {"type": "sgd", "rate": 3}, "p": {"type": "sgd"}, "q": "sgd"}"#
        )
        let same = try load("same.json")
        #expect(same["o"] == ["type": "adam", "beta": 1, "rate": 3])
        #expect(same["p"] == ["type": "adam", "beta": 4])
        let other = try load("other.json")
        #expect(other["o"] == ["type": "sgd", "rate": 3])
        #expect(other["p"] == ["type": "sgd"])
        #expect(other["q"] == "sgd")
    }

    @Test func ringsAreRefusedWithTheirChain() throws {
        try write("a.json", #"{"extends": "sub/b.json"}"#)
        try write("sub/b.json", #"{\#n"extends": "../c.json"}"#)
        try write("c.json", #"{"extends": "a.json"}"#)
        try write("self.json", #"{"extends": "./self.json"}"#)
        try write("outside.json", #"{"extends": "a.json"}"#)
        let ring = "\(folder)/a.json -> \(folder)/sub/b.json -> \(folder)/c.json -> \(folder)/a.json"
        let text = "\(folder)/c.json:1: extends: files extend one another in a cycle: \(ring)"
        #expect(message { try self.load("a.json") } == text)
        #expect(message { try self.load("outside.json") } == text)
        #expect(message { try self.load("self.json") }.hasSuffix("\(folder)/self.json -> \(folder)/self.json"))
    }

    @Test func ringsThroughLinksAreFound() throws {
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/sub/up", withDestinationPath: "..")
        try write("a.json", #"{"extends": "sub/up/a.json"}"#)
        #expect(message { try self.load("a.json") }.contains("in a cycle"))
    }

    @Test func oneFileMayBeExtendedByTwoPaths() throws {
        // Each level doubles the paths to the bottom: only reading each file once ends soon.
        try write("0.json", #"{"a": 0}"#)
        for level in 1...60 {
            try write("\(level).json", #"{"extends": ["\#(level - 1).json", "\#(level - 1).json"], "b": \#(level)}"#)
        }
        #expect(try load("60.json") == ["a": 0, "b": 60])
    }

    @Test func unreadableFilesAreNamed() throws {
        try write("a.json", #"{\#n"extends": "none.json"}"#)
        try write("b.json", #"{"extends": 3}"#)
        try write("c.json", #"{"extends": ["a.json", null]}"#)
        try write("d.json", "[]")
        #expect(
            message { try self.load("none.json") } == "\(folder)/none.json: cannot be read: No such file or directory")
        #expect(message { try self.load("sub") } == "\(folder)/sub: cannot be read: Is a directory")
        #expect(
            message { try self.load("a.json") }
                == "\(folder)/a.json:2: extends: '\(folder)/none.json' cannot be read: No such file or directory")
        #expect(
            message { try self.load("b.json") }
                == "\(folder)/b.json:1: extends: expected the path of a file, found the number 3")
        try write("a.json", "{}")
        #expect(
            message { try self.load("c.json") }
                == "\(folder)/c.json:1: extends[1]: expected the path of a file, found null")
        #expect(
            message { try self.load("d.json") }
                == "\(folder)/d.json:1: expected an object, found an array of 0 elements")
    }

    @Test func hashesOfFilesAreThoseOfTheirBytes() throws {
        let text = String(repeating: "Agon! ", count: 400_000)
        try write("large", text)
        #expect(try SHA256.hex(ofFile: "\(folder)/large") == SHA256.hex(of: text))
        #expect(throws: ConfigError.self) { try SHA256.hex(ofFile: "\(self.folder)/none") }
    }
}
