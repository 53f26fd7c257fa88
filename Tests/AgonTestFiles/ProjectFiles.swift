import AgonTensors
import Foundation

/// The project's folder.
package let projectFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

/// The recorded reference cases, `group/name.safetensors` (recorded by `generate.py` beside them, in float64).
package let goldenFolder = projectFolder + "/Tests/Fixtures/golden"

/// A recorded reference case, by its group and name: `loss/hinge`.
package func goldenCase(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: "\(goldenFolder)/\(name).safetensors")
}
