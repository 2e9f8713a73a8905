process BIOGAN_TRAIN {
    tag "$meta.id"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "biogan:0.2.0"

    input:
    tuple val(meta), path(fasta)

    output:
    tuple val(meta), path("${prefix}"), emit: run
    path "versions.yml", emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    biogan train \\
        $fasta \\
        -o ${prefix} \\
        --threads $task.cpus \\
        $args

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        biogan: \$(biogan --version | sed 's/biogan //')
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir ${prefix}
    touch ${prefix}/config.json
    touch ${prefix}/generator.safetensors

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        biogan: 0.2.0
    END_VERSIONS
    """
}
