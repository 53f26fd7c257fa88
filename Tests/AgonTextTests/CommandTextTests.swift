import Foundation
import Testing

@testable import AgonText

@Suite struct CommandTextTests {
    @Test func interpolatedTextsAreSingleWords() {
        let folder = "Runs/it's a run"
        #expect(CommandText.shell("make -C \(folder) -j\(2) -k") == #"make -C 'Runs/it'\''s a run' -j2 -k"#)
        #expect(CommandText.shell("ls \(folder)/*") == #"ls 'Runs/it'\''s a run'/*"#)
        // A folder is no option.
        let dashed = "-dash"
        #expect(CommandText.agon("report \(dashed)") == "agon report ./-dash")
        // Tests are a program of another name.
        #expect(CommandText.agon("models") == "agon models")
        let key = "dataset.path"
        #expect(
            CommandText.agon("run \(folder) --set \(key)=P") == #"agon run 'Runs/it'\''s a run' --set dataset.path=P"#)
    }

    @Test(arguments: [
        ("agon", "agon"), (".build/release/agon", ".build/release/agon"), ("/opt/a b/bin/agon", "'/opt/a b/bin/agon'"),
        ("/usr/libexec/swiftpm-testing-helper", "agon"), ("own-images", "agon"), ("", "agon"),
    ]) func theProgramIsNamedAsItWasCalled(name: String, word: String) {
        #expect(CommandText.program(calledAs: name) == word)
    }

    /// A shell takes the words as they were meant.
    @Test(arguments: ["a b", "it's", "$HOME", "*", "new\nline", "`x`"])
    func shellsReadTheWords(text: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", CommandText.shell("printf '%s|' one \(text) \(text)/end")]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(String(decoding: output, as: UTF8.self) == "one|\(text)|\(text)/end|")
    }
}
